"""Recordings: what a site's MQTT traffic was, kept in a file, and played again as it was or as news."""
