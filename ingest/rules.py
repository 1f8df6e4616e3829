"""Judging. Pure."""
