"""Scenarios: a night shift as a file. Read into values (`model`), played by a world (`world`), judged afterwards."""
