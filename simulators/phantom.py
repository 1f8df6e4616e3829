"""A gateway that is not there: messages go to the broker under its name and numbers, so that a server can be shown what a
real gateway never does: gaps in its numbers, duplicates, words out of order, history.
"""

import asyncio
import ssl
from collections.abc import Iterable
from datetime import datetime, timedelta

import aiomqtt

from core import wire
from core.clock import Clock
from core.ids import derived
from core.wire import Channel
from gateway.uplink import Link
from simulators.gateways import Message, heard
from simulators.player import paced


async def speak(
    messages: Iterable[Message],
    link: Link,
    site: str,
    gateway: str,
    now: Clock,
    stopping: asyncio.Event,
    *,
    speed: float = 1.0,
) -> int:
    """Publish each message at its moment as that gateway; returns how many the broker took. Receipts are not heard.

    Raises aiomqtt.MqttError when the broker is away or refuses the name. Measured values have no numbers: they are left out.
    """
    began, count = now(), 0

    def boot(n: int) -> str:
        return derived(began, site, gateway, "boot", str(n))

    def status(state: str, n: int) -> bytes:
        return wire.encode(wire.Status("online" if state == "online" else "offline", boot(n), now()))

    last = 1
    async with _client(link, site, gateway, status("offline", last)) as client:
        where = wire.topic(site, gateway, Channel.STATUS)
        await client.publish(where, status("online", last), qos=1, retain=True)
        async for message in paced(messages, stopping, speed):
            if message.boot != last:
                last = message.boot
                await client.publish(where, status("online", last), qos=1, retain=True)
            if message.saying.kind:
                event = as_event(message, boot(message.boot), began, now())
                await client.publish(wire.topic(site, gateway, Channel.EVENTS), wire.encode(event), qos=1)
                count += 1
        await client.publish(where, status("offline", last), qos=1, retain=True)
    return count


def as_event(message: Message, boot: str, began: datetime, at: datetime) -> wire.Event:
    """The event on the wire; a duplicate has the same id, boot and number."""
    said = heard(message)
    return wire.Event(
        id=derived(began + timedelta(seconds=message.saying.t), boot, str(message.seq)),
        boot=boot,
        seq=message.seq,
        device=said.device,
        kind=said.kind,
        said_at=at + timedelta(seconds=said.skew_s),
        data=said.data,
        test=said.test,
        history=message.history,
    )


def _client(link: Link, site: str, gateway: str, will: bytes) -> aiomqtt.Client:
    name = f"{site}.{gateway}"
    return aiomqtt.Client(
        link.host,
        link.port,
        identifier=name.replace(".", "_"),
        username=name,
        password=link.password,
        will=aiomqtt.Will(wire.topic(site, gateway, Channel.STATUS), will, qos=1, retain=True),
        tls_context=ssl.create_default_context(cafile=link.ca) if link.tls else None,
    )
