"""The on-site edge process: a durable spool and an uplink that forgets nothing before the server's receipt."""
