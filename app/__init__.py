"""Settings, wiring, process roles and the `watchroom` command: the only room that reads the environment or a clock."""
