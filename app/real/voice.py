"""Speaking to the broker past a gateway's spool, with the gateway's own name and password: what a scenario says with a boot,
a number or an id of its own, twice, as old news, or as nonsense.
"""

import asyncio
from typing import Final

import aiomqtt

from app.real.shores import HOST
from core import wire
from core.wire import Channel
from ingest.credentials import SERVER, Gateway

INGEST: Final = "watchroom-ingest"  # the server's client id: whoever connects with it ends the server's session
_PATIENCE_S: Final = 10.0


def boot_of(payload: bytes) -> str | None:
    """Which boot a receipt for this payload will name; None for what no receipt can answer."""
    found = [item.event.boot for item in wire.decode_events(payload) if isinstance(item, wire.Said)]
    return found[0] if found else None


async def shout(port: int, who: Gateway, payload: bytes, server_password: str | None) -> None:
    """Say it and, where a receipt can answer, wait for that. With `server_password` it is said retained while the server
    is not subscribed, so that the server meets it as what it is: old news.
    """
    events, receipts = (wire.topic(who.site, who.gateway, c) for c in (Channel.EVENTS, Channel.RECEIPT))
    boot = boot_of(payload)
    async with asyncio.timeout(_PATIENCE_S), _client(port, f"voice-{who.gateway}", who.username, who.password) as voice:
        await voice.subscribe(receipts, qos=1)
        if server_password is None:
            await voice.publish(events, payload, qos=1)
        else:
            await _behind_its_back(port, server_password, events, payload)
        if boot is None:
            return
        async for message in voice.messages:
            receipt = wire.decode_receipt(message.payload) if isinstance(message.payload, bytes) else None
            if receipt is not None and receipt.boot == boot and not message.retain:
                return


async def _behind_its_back(port: int, password: str, topic: str, payload: bytes) -> None:
    """Take the server's session from it, and leave a retained message before it is back."""
    while True:
        try:
            async with _client(port, INGEST, SERVER, password) as thief:
                await thief.publish(topic, payload, qos=1, retain=True)
                return
        except aiomqtt.MqttError:
            await asyncio.sleep(0.01)  # it was back before we were done


def _client(port: int, name: str, user: str, password: str) -> aiomqtt.Client:
    return aiomqtt.Client(HOST, port, identifier=name, username=user, password=password, clean_session=True, timeout=5)
