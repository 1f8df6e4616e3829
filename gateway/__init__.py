"""The on-site edge process: what panels and readers say, kept safely until the server says it has it."""
