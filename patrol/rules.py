"""What a tap proves. Pure."""
