"""Running a house: its roles in threads, its pages in the main thread, and an orderly end."""

import signal
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack

import structlog

from api.serving import serving
from app.house import House

log = structlog.get_logger()

OnReady = Callable[[str], None]


def listen(host: str, port: int) -> socket.socket:
    """Take the port of the pages: first of all, so that a taken one is told before anything has been started."""
    try:
        return socket.create_server((host, port), backlog=1024)
    except OSError as wrong:
        raise SystemExit(f"cannot listen on {host}:{port}: {wrong.strerror}; choose another with --port") from None


def serve(house: House, sock: socket.socket, *, on_ready: OnReady | None = None) -> None:
    """Serve the pages until SIGINT or SIGTERM; `on_ready` hears the address. The roles were added before."""
    s = house.settings
    with ExitStack() as leaving:
        leaving.callback(house.close)
        port = sock.getsockname()[1]
        scheme = "https" if s.tls_cert else "http"
        server = serving(
            house.app(),
            host=s.host,
            port=port,
            trusted_proxies=s.trusted_proxies,
            cert=str(s.tls_cert) if s.tls_cert else None,
            key=str(s.tls_key) if s.tls_key else None,
        )

        # Ours come before anything is announced: a signal that arrives while uvicorn is still loading must stop it, too.
        # uvicorn puts its own in their place while it runs, and raises the signal that stopped it once more when it is done;
        # ours must then still be there to close the house.
        def leave(*_: object) -> None:
            server.should_exit = True

        for sign in (signal.SIGINT, signal.SIGTERM):
            signal.signal(sign, leave)
        house.roles.start()
        if on_ready is not None:
            threading.Thread(target=on_ready, args=(f"{scheme}://{s.host}:{port}/",), daemon=True).start()
        server.run(sockets=[sock])


def wait(house: House) -> None:
    """Run roles that have no pages until SIGINT or SIGTERM."""
    # The system may give a signal to any thread, but only the main one runs handlers, and nothing wakes it for that while it
    # waits for an event. The byte that Python writes for a signal does, wherever the signal arrived.
    ended, ending = socket.socketpair()
    with ended, ending:
        ending.setblocking(False)
        signal.set_wakeup_fd(ending.fileno())
        for sign in (signal.SIGINT, signal.SIGTERM):
            signal.signal(sign, lambda *_: None)
        house.roles.start()
        try:
            ended.recv(1)
        finally:
            signal.set_wakeup_fd(-1)
            house.close()
