"""uvicorn as we run it: open feeds are ended before it waits for open connections."""

from socket import socket

import uvicorn
from fastapi import FastAPI

from api.room import Room


class Serving(uvicorn.Server):
    """A server that can stop while pages listen: the feeds go first, then it drains."""

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """End the feeds, then everything else."""
        room: Room = self.config.app.state.room  # type: ignore[union-attr]
        room.live.close()
        await super().shutdown(sockets)


def serving(
    app: FastAPI,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    trusted_proxies: str = "",
    cert: str | None = None,
    key: str | None = None,
) -> Serving:
    """A server for `app`. Forwarded addresses are believed only from `trusted_proxies` (faults 6.1: ASVS 4.1.3)."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=trusted_proxies or None,
        ssl_certfile=cert,
        ssl_keyfile=key,
        timeout_graceful_shutdown=5,
        lifespan="on",
    )
    return Serving(config)
