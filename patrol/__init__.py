"""Patrol: checkpoints proved by taps. Routes, rounds and verdicts come on top."""
