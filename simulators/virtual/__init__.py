"""A whole house in memory, under a clock turned by hand: the production path, its gateways and its broker without a socket,
a process or a second of waiting.
"""
