"""Measured figures, with the ceilings of the same machine in the same run: `make bench`. It reports; it never gates."""
