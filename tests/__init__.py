"""Tests, by slice."""
