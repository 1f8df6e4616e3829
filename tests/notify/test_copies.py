"""Copies of checkpoints go where the site keeps them, and verify there (LOG-03, LOG-09), on both databases."""

import io
import threading
import time
from datetime import datetime, timedelta

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from logbook import checkpoints, copies, entries
from logbook.export import export
from logbook.notes import open_checkpoint, raw_public
from logbook.rules import Line
from logbook.verify import verify
from notify.copies import order_of
from notify.flow import run_notify
from notify.settings import NotifySettings
from sites.duty_policies import DutyPolicies
from sites.register import Contact, Policies
from sites.store import save
from store.db import Store
from tests.night import HARBOUR
from tests.notify.conftest import SITE, HttpSink, Reply, SmtpSink, now

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def sworn(store: Store, *places: Contact) -> checkpoints.Kept:
    """A log of one entry with its checkpoint, at a site that keeps copies at `places`."""
    at = now()
    register = msgspec.structs.replace(HARBOUR, version=1, policies=Policies(duty=DutyPolicies(offsite=places)))
    with store.begin([SITE]) as tx:
        save(tx.conn, register, "hash", at)
        entries.append(tx, SITE, [Line(at, "alert.note", "wang", "site", {"text": "t"})])
        made = checkpoints.checkpoint(tx, SITE, at, KEY)
    assert made is not None
    return made


def state(store: Store) -> list[str]:
    with store.read() as conn:
        return sorted(copies.states(conn, SITE, 1).values())


def test_a_copy_arrives_and_is_the_signed_note(store: Store, http: HttpSink) -> None:
    http.replies = [Reply(503), Reply(200)]
    made = sworn(store, Contact("webhook", http.url()), Contact("pigeon", "loft"))
    settings = NotifySettings(webhook_secret="s", allow_private_targets=True, poll_s=0.05)
    stopping = threading.Event()
    ahead = [0.0]

    def clock() -> datetime:
        return now() + timedelta(seconds=ahead[0])

    runner = threading.Thread(target=run_notify, args=(store, lambda *_: HARBOUR, settings, clock, stopping))
    runner.start()
    try:
        until = time.monotonic() + 20
        while not http.got and time.monotonic() < until:
            time.sleep(0.05)
        ahead[0] = 600.0  # past the first pause
        while "arrived" not in state(store) and time.monotonic() < until:
            time.sleep(0.05)
    finally:
        stopping.set()
        runner.join()
    assert state(store) == ["arrived", "failed"]
    said = [msgspec.json.decode(got.body) for got in http.got]
    assert len(said) == 2
    assert said[0]["id"] == said[1]["id"]
    checkpoint, _ = open_checkpoint(said[1]["checkpoint"], SITE, [raw_public(KEY)])
    assert (checkpoint.size, said[1]["checkpoint"]) == (1, made.note)
    with store.read() as conn:
        last = entries.read(conn, SITE, limit=1)[0]
    assert (last.act, last.data) == (
        "logbook.copy_failed",
        {"channel": "pigeon", "code": "unknown_channel", "size": 1},
    )


def test_a_copy_is_mailed_and_verifies_from_the_mail(store: Store, smtp: SmtpSink) -> None:
    """Through a real mail server, the notifier's own loop: what arrives is a checkpoint that the verifier takes."""
    made = sworn(store, Contact("email", "archive@example.org"))
    settings = NotifySettings(smtp_host="127.0.0.1", smtp_port=smtp.port, poll_s=0.05, timeout_s=5.0)
    stopping = threading.Event()
    runner = threading.Thread(target=run_notify, args=(store, lambda *_: HARBOUR, settings, now, stopping))
    runner.start()
    try:
        until = time.monotonic() + 20
        while state(store) != ["arrived"] and time.monotonic() < until:
            time.sleep(0.05)
    finally:
        stopping.set()
        runner.join()
    (mail,) = smtp.got
    assert mail.to == ["TO:<archive@example.org>"]
    assert "封存点" in mail.said["subject"]
    body = mail.said.get_body(("plain",))
    assert body is not None
    said = body.get_content().replace("\r\n", "\n")
    note = said[said.index(f"watchroom/{SITE}\n") :]
    checkpoint, _ = open_checkpoint(note.rstrip("\n") + "\n", SITE, [raw_public(KEY)])
    assert checkpoint.size == 1
    with store.read() as conn:
        out = io.BytesIO()
        export(conn, SITE, out, key=KEY, at=now())
    out.seek(0)
    assert verify(out, kept=[made.note, note.rstrip("\n") + "\n"]).ok


def test_what_does_not_arrive_is_tried_again_and_then_given_up(store: Store) -> None:
    sworn(store, Contact("email", "archive@example.org"))
    at, tries = now(), 0
    while owed := copies.claim(store, at + timedelta(seconds=1)):
        assert copies.claim(store, at + timedelta(seconds=2)) == []  # claimed
        copies.tried(store, owed[0], ok=False, again=True, code="451", at=at)
        at += timedelta(hours=9)
        tries += 1
    assert tries == len(copies.PAUSES) + 1
    assert state(store) == ["failed"]


def test_who_dies_on_the_way_leaves_it_to_be_sent_again(store: Store) -> None:
    sworn(store, Contact("email", "archive@example.org"))
    at = now() + timedelta(seconds=1)
    first = copies.claim(store, at)
    assert copies.claim(store, at + copies.CLAIM - timedelta(seconds=1)) == []
    again = copies.claim(store, at + copies.CLAIM)
    assert [order_of(o).id for o in again] == [order_of(o).id for o in first]


def test_a_site_that_keeps_no_copies_owes_none(store: Store) -> None:
    sworn(store)
    assert state(store) == []
    assert copies.claim(store, now()) == []


@pytest.mark.parametrize("channel", ["email", "webhook", "apprise"])
def test_the_message_holds_the_note_as_it_is(store: Store, channel: str) -> None:
    made = sworn(store, Contact(channel, "there"))
    (owed,) = copies.claim(store, now() + timedelta(seconds=1))
    order = order_of(owed)
    assert made.note in order.message.text
    assert "\n" not in order.message.subject
