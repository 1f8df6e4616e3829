"""Letters of people's own duty go out beside the notices of alerts, in their language (DUTY-03, DUTY-14)."""

import threading
import time
from typing import Any

import msgspec

from duty import notice_store
from duty.notices import NoticeKind
from notify.flow import run_notify
from notify.letters import order_of
from notify.settings import NotifySettings
from sites.register import Contact, Register
from sites.store import save
from store.db import Store
from tests.night import HARBOUR
from tests.notify.conftest import SITE, HttpSink, SmtpSink, now

SHIFT = {
    "seat": "centre",
    "template": "day",
    "starts_at": "2026-04-02T00:00:00Z",
    "ends_at": "2026-04-02T12:00:00Z",
    "on_call": False,
}
TOLD: dict[str, Any] = {"month": "2026-04", "version": 2, "shifts": 30, "gained": [SHIFT], "lost": [], "why": "换班"}


def owed(store: Store, *contacts: Contact, language: str = "zh-CN") -> Register:
    """Wang's shifts of April changed; he can be reached at `contacts`."""
    wang = msgspec.structs.replace(HARBOUR.people["wang"], contacts=contacts, language=language)
    register = msgspec.structs.replace(HARBOUR, version=1, people={**HARBOUR.people, "wang": wang})
    with store.begin([SITE]) as tx:
        save(tx.conn, register, "hash", now())
        notice_store.owe(tx, register, NoticeKind.ROSTER, "roster/2026-04", {"wang": TOLD}, "chen", now())
    return register


def states(store: Store) -> list[str]:
    with store.read() as conn:
        (mine,) = notice_store.inbox(conn, SITE, "wang", 5)
        return sorted(state for _, state in notice_store.letters(conn, SITE, [mine.id]).get(mine.id, []))


def test_it_is_mailed_and_posted_by_every_way_the_person_gave(store: Store, smtp: SmtpSink, http: HttpSink) -> None:
    """Through a real mail server and a real web server; the console is no letter."""
    register = owed(
        store,
        Contact("email", "wang@example.org"),
        Contact("webhook", http.url()),
        Contact("console", ""),
        language="en",
    )
    settings = NotifySettings(
        smtp_host="127.0.0.1", smtp_port=smtp.port, poll_s=0.05, timeout_s=5.0, allow_private_targets=True, webhook_secret="s" * 32,
        public_url="https://watch.example.org",
    )  # fmt: skip
    stopping = threading.Event()
    runner = threading.Thread(target=run_notify, args=(store, lambda *_: register, settings, now, stopping))
    runner.start()
    try:
        until = time.monotonic() + 20
        while states(store) != ["sent", "sent"] and time.monotonic() < until:
            time.sleep(0.05)
    finally:
        stopping.set()
        runner.join()
    assert states(store) == ["sent", "sent"]
    (mail,) = smtp.got
    assert mail.to == ["TO:<wang@example.org>"]
    assert "you have 30 shifts to come" in mail.said["subject"]
    body = mail.said.get_body(("plain",))
    assert body is not None
    assert "New: 2026-04-02 08:00–20:00 Centre" in body.get_content()
    assert "https://watch.example.org/my-shifts" in body.get_content()
    (got,) = http.got
    said = msgspec.json.decode(got.body)
    assert (said["person"], said["duty"]["about"], said["duty"]["gained"]) == ("wang", "roster/2026-04", [SHIFT])


def test_who_gave_no_address_finds_it_in_the_inbox_only(store: Store) -> None:
    owed(store)
    assert states(store) == []
    assert notice_store.claim(store, now()) == []


def test_the_words_are_the_persons_own(store: Store) -> None:
    register = owed(store, Contact("email", "wang@example.org"))
    (letter,) = notice_store.claim(store, now())
    message = order_of(letter, register).message
    assert message.subject == "Harbour 2026-04 值班表：您还有 30 个班次"
    assert message.text.splitlines()[1:] == ["原因：换班", "新增：2026-04-02 08:00–20:00 Centre"]
