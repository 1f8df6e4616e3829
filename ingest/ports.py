"""A free TCP port for a child that is told its port before it opens it."""

import random
import socket

# Below the ports that Linux, macOS and IANA give to outgoing connections (from 32768 or 49152 on): one that the system
# hands out for "any port" can be an outgoing connection's by the time the child opens it.
_PORTS = range(20_000, 32_000)
_TRIES = 1_000
_CHANCE = random.SystemRandom()  # not the seeded one, from which two processes would draw the same ports


def free_port(host: str = "127.0.0.1") -> int:
    """A port on which nobody listens. Raises OSError when there is none, or the host is not ours."""
    for _ in range(_TRIES):
        port = _CHANCE.choice(_PORTS)
        if _free(host, port):
            return port
    raise OSError(f"no free port on {host} between {_PORTS[0]} and {_PORTS[-1]}")


def _free(host: str, port: int) -> bool:
    try:
        with socket.create_server((host, port)):
            return True
    except socket.gaierror:
        raise
    except OSError:
        return False
