"""Virtual devices, guards and whole sites, seeded, speaking through a real gateway."""
