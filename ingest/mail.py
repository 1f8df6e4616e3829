"""A batch of deliveries, decoded and sorted by site: what each part says, when it was heard, and which boots it moves. Pure."""

from collections.abc import Iterable
from datetime import datetime
from itertools import chain
from typing import Any

import msgspec

from core import wire
from core.wire import Channel, Garbled, Place, Said, Sample, Status, Why
from ingest.batches import Message


class Mail(msgspec.Struct):
    """One site's part of a batch, sorted by what it is."""

    said: list[tuple[str, Message, Said]] = []
    garbled: list[tuple[str, str, Garbled]] = []
    statuses: list[tuple[str, Message, Status]] = []
    samples: list[Sample] = []


Letters = tuple[dict[str, Mail], list[tuple[str, Garbled]]]  # by site, and what has no place of ours


def sort(messages: Iterable[Message]) -> Letters:
    """Decode a batch and sort it by site; what has no place of ours comes apart. Pure."""
    mails: dict[str, Mail] = {}
    lost: list[tuple[str, Garbled]] = []
    places: dict[str, Place | None] = {}
    for message in messages:
        topic = message.topic
        if topic not in places:
            places[topic] = wire.parse_topic(topic)
        place = places[topic]
        if place is None:
            lost.append((topic, Garbled(message.payload, Why.BAD_TOPIC, "not a topic of ours")))
            continue
        mail = mails.get(place.site)
        if mail is None:
            mail = mails[place.site] = Mail()
        _put(mail, place, message)
    return mails, lost


def _put(mail: Mail, place: Place, message: Message) -> None:
    if place.channel is Channel.EVENTS:
        for item in wire.decode_events(message.payload):
            if isinstance(item, Said):
                mail.said.append((place.gateway, message, item))
            else:
                mail.garbled.append((place.gateway, message.topic, item))
    elif place.channel is Channel.TELEMETRY:
        samples = wire.decode_samples(message.payload)
        if isinstance(samples, Garbled):
            mail.garbled.append((place.gateway, message.topic, samples))
        else:
            mail.samples += samples
    elif place.channel is Channel.STATUS and message.payload:
        status = wire.decode_status(message.payload)
        if isinstance(status, Garbled):
            mail.garbled.append((place.gateway, message.topic, status))
        else:
            mail.statuses.append((place.gateway, message, status))


def first_heard(mail: Mail, at: datetime) -> datetime:
    """When the first of a mail was heard: it is judged by the rules of then."""
    kept = mail.said or mail.statuses
    return (kept[0][1].at or at) if kept else at


def positions(mail: Mail) -> set[tuple[str, str]]:
    """The (gateway, boot) pairs that a mail moves."""
    return {(gateway, said.event.boot) for gateway, _, said in mail.said} | {
        (gateway, g.boot) for gateway, _, g in mail.garbled if g.boot is not None and g.seq is not None
    }


def last_heard(mail: Mail, boots: Iterable[tuple[str, str]], at: datetime) -> dict[str, datetime]:
    """When each gateway that a mail moves was heard last: now, unless its messages know better."""
    moved = {gateway for gateway, _ in boots}
    if any(message.at is None for _, message, _ in mail.said[:1]):
        return dict.fromkeys(moved, at)
    latest: dict[str, datetime] = {}
    live = ((gateway, message, status) for gateway, message, status in mail.statuses if not message.retained)
    for gateway, message, _ in chain[tuple[str, Message, Any]](mail.said, live):
        then, known = message.at or at, latest.get(gateway)
        if known is None or then > known:
            latest[gateway] = then
    return {gateway: latest.get(gateway, at) for gateway in moved}
