"""The append-only, hash-chained log of a site: entries, signed checkpoints, export and an offline verifier."""
