"""Virtual devices, guards and whole sites. Seeded: the same seed says the same bytes. They speak through a real gateway."""
