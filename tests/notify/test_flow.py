"""From the row to the provider and back (ESC-08): once, in time, never after an answer, and never lost."""

import random
import subprocess
import sys
import threading
import time
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from alerts import store as alert_store
from notify.settings import NotifySettings
from sites.duty_policies import DutyPolicies, Reach
from sites.register import Policies
from tests.alerts.test_ladder import LADDER
from tests.notify.conftest import HttpSink, Reply, SmtpSink, Watch, now, until

ROOT = Path(__file__).parents[2]


def settings(watch: Watch, **more: object) -> None:
    watch.settings = msgspec.structs.replace(watch.settings, **more)


def test_a_notice_is_sent_once_and_what_became_of_it_is_written_down(watch: Watch, http: HttpSink) -> None:
    """ESC-08: a log of each send with its result."""
    http.replies = [Reply(202, b"taken as 77")]
    alert = watch.ring()
    made = watch.owe(alert, "webhook", http.url())
    with watch.notifying():
        until(lambda: watch.row(alert)["state"] == "sent")
        time.sleep(0.3)
    row = watch.row(alert)
    assert len(http.got) == 1
    assert (row["code"], row["body"], row["attempts"], row["due_at"]) == ("202", "taken as 77", 1, None)
    assert row["done_at"] >= row["made_at"]
    (line,) = watch.log(alert)
    assert (line.act, line.actor, line.data["notice"], line.data["code"]) == ("notice.sent", "system", made, "202")
    assert "127.0.0.1" not in str(line.data)


def test_a_commit_wakes_the_role(watch: Watch, http: HttpSink) -> None:
    with watch.notifying():
        time.sleep(0.3)
        alert = watch.ring()
        started = time.monotonic()
        watch.owe(alert, "webhook", http.url())
        until(lambda: http.got)
        assert time.monotonic() - started < 2


def test_an_error_is_tried_again_under_the_same_id(watch: Watch, http: HttpSink) -> None:
    http.replies = [Reply(500, b"no"), Reply(503, b"no"), Reply(200, b"yes")]
    alert = watch.ring()
    made = watch.owe(alert, "webhook", http.url())
    with watch.notifying():
        until(lambda: watch.row(alert)["state"] == "sent")
    assert [got.headers["idempotency-key"] for got in http.got] == [made] * 3
    assert (watch.row(alert)["attempts"], watch.row(alert)["body"]) == (3, "yes")
    assert [line.act for line in watch.log(alert)] == ["notice.sent"]


def test_the_pauses_grow_and_the_sixth_failure_is_the_end(watch: Watch, http: HttpSink) -> None:
    pauses = (0.05, 0.1, 0.2, 0.4, 0.8)
    settings(watch, pauses_s=pauses)
    http.replies = [Reply(500, "坏".encode() * 2000)]
    alert = watch.ring()
    watch.owe(alert, "webhook", http.url())
    with watch.notifying():
        until(lambda: watch.row(alert)["state"] == "failed")
    times = [got.at for got in http.got]
    gaps = [(b - a).total_seconds() for a, b in pairwise(times)]
    assert len(times) == 6
    assert all(gap >= pause for gap, pause in zip(gaps, pauses, strict=True))
    row = watch.row(alert)
    assert (row["code"], row["attempts"], row["due_at"]) == ("500", 6, None)
    assert row["body"].startswith("坏坏")
    assert len(row["body"].encode()) <= 2050
    (line,) = watch.log(alert)
    assert (line.act, line.data["attempts"]) == ("notice.failed", 6)


def test_by_default_it_gives_up_after_minutes_not_hours() -> None:
    pauses = NotifySettings().pauses_s
    assert pauses[:3] == (5, 15, 45)
    assert len(pauses) == 5
    assert sum(pauses) < 600


def test_a_target_that_hangs_delays_nobody_else(quick: Watch, http: HttpSink, other_http: HttpSink) -> None:
    """Twenty notices to a server that never answers, then one to a good one: it is not twentieth."""
    http.replies = [Reply(after_s=30)]
    settings(quick, timeout_s=4.0, claim_s=30.0, pauses_s=())
    slow, good = quick.ring(priority=1), quick.ring(priority=4)
    for _ in range(20):
        quick.owe(slow, "webhook", http.url())
    with quick.notifying():
        until(lambda: len(http.got) == 4)
        started = time.monotonic()
        quick.owe(good, "webhook", other_http.url())
        until(lambda: other_http.got)
        assert time.monotonic() - started < 3
        until(lambda: len(quick.log(slow)) >= 4)
    assert quick.log(slow)[0].data["code"] == "timeout"
    assert len(http.got) <= 12  # never more than four at once


def test_the_most_urgent_alert_goes_first(quick: Watch, http: HttpSink) -> None:
    settings(quick, at_once_each=1)
    routine, life = quick.ring(priority=4), quick.ring(priority=1)
    for _ in range(3):
        quick.owe(routine, "webhook", http.url("/routine"))
    quick.owe(life, "webhook", http.url("/life"))
    with quick.notifying():
        until(lambda: len(http.got) == 4)
    assert [got.path for got in http.got] == ["/life", "/routine", "/routine", "/routine"]


def test_an_answered_alert_owes_nothing_any_more(watch: Watch, http: HttpSink) -> None:
    """Even where the act forgot to take its notices back."""
    alert = watch.ring()
    watch.owe(alert, "webhook", http.url())
    watch.ack(alert, cancel=False)
    with watch.notifying():
        until(lambda: watch.row(alert)["state"] == "cancelled")
    assert http.got == []
    assert watch.log(alert) == []


def test_a_notice_of_an_earlier_ringing_is_not_sent(watch: Watch, http: HttpSink) -> None:
    alert = watch.ring()
    watch.owe(alert, "webhook", http.url())
    watch.change(alert, ring=2)
    with watch.notifying():
        until(lambda: watch.row(alert)["state"] == "cancelled")
    assert http.got == []


def test_an_answer_while_the_mail_server_is_slow_stops_the_mail(quick: Watch, smtp: SmtpSink) -> None:
    """The last moment is DATA: before it nothing has been said."""
    smtp.delays = {"RCPT": 0.6}
    settings(quick, smtp_host="127.0.0.1", smtp_port=smtp.port, timeout_s=5.0)
    alert = quick.ring()
    quick.owe(alert, "email", "chen@example.org")
    with quick.notifying():
        until(lambda: quick.row(alert)["attempts"] == 1)
        quick.ack(alert)
        time.sleep(1)
    assert smtp.got == []
    assert quick.row(alert)["state"] == "cancelled"


def test_nothing_goes_out_more_than_a_second_after_an_answer(quick: Watch, http: HttpSink) -> None:
    """Faults L11: forty alerts with three notices each, some failing, answered at random moments."""
    dice = random.Random(11)
    http.replies = [Reply(status=dice.choice([200, 500]), after_s=dice.random() / 20) for _ in range(400)]
    settings(quick, pauses_s=(0.1, 0.2, 0.4, 0.8, 1.6), at_once_each=8)
    alerts = [quick.ring() for _ in range(40)]
    answered = {}
    with quick.notifying():
        for alert in alerts:
            for _ in range(3):
                quick.owe(alert, "webhook", http.url(f"/{alert.id}"))
        for alert in dice.sample(alerts, len(alerts)):
            time.sleep(dice.random() / 20)
            answered[f"/{alert.id}"] = quick.ack(alert)
        time.sleep(1.5)
    late = [(got.path, got.at - answered[got.path]) for got in http.got if got.at > answered[got.path]]
    assert all(by < timedelta(seconds=1) for _, by in late), late
    assert http.got
    assert {quick.row(alert)["state"] for alert in alerts} <= {"sent", "cancelled"}


def test_two_senders_share_the_work_and_send_nothing_twice(watch: Watch, http: HttpSink) -> None:
    alert = watch.ring()
    made = {watch.owe(alert, "webhook", http.url()) for _ in range(40)}
    with watch.notifying(), watch.notifying():
        until(lambda: len(watch.log(alert)) == 40)
    assert sorted(got.headers["idempotency-key"] for got in http.got) == sorted(made)


SENDER = """
import sys, threading
from notify.flow import run_notify
from notify.settings import NotifySettings
from store.db import Store
from tests.night import HARBOUR
from tests.notify.conftest import now
settings = NotifySettings(webhook_secret="s", allow_private_targets=True, claim_s=1.0)
run_notify(Store(sys.argv[1]), lambda conn, site: HARBOUR, settings, now, threading.Event())
"""


@pytest.mark.crash
def test_a_sender_killed_while_sending_is_replaced_and_the_id_tells(watch: Watch, http: HttpSink) -> None:
    """Between claim and result: it may have arrived, so it goes out again, recognisably the same."""
    http.replies = [Reply(after_s=30), Reply()]
    alert = watch.ring()
    made = watch.owe(alert, "webhook", http.url())
    url = watch.store.url.render_as_string(hide_password=False)
    child = subprocess.Popen([sys.executable, "-c", SENDER, url], cwd=ROOT)
    until(lambda: http.got, 20)
    child.kill()
    child.wait()
    assert watch.row(alert)["state"] == "queued"
    with watch.notifying():
        until(lambda: watch.row(alert)["state"] == "sent")
    # a claim lasts a second here, so a busy machine may try once more: recognisably the same again
    keys = [got.headers["idempotency-key"] for got in http.got]
    assert len(keys) >= 2
    assert set(keys) == {made}
    assert watch.row(alert)["attempts"] >= 2


def test_what_is_on_its_way_when_the_role_stops_arrives(quick: Watch, http: HttpSink) -> None:
    http.replies = [Reply(after_s=0.4)]
    alert = quick.ring()
    quick.owe(alert, "webhook", http.url())
    with quick.notifying():
        until(lambda: http.got)
    assert quick.row(alert)["state"] == "sent"


def test_idling_does_not_write(quick: Watch) -> None:
    with quick.notifying():
        began = threading.Event()
        original = quick.store.begin
        quick.store.begin = lambda *a, **k: (began.set(), original(*a, **k))[1]  # type: ignore[method-assign]
        time.sleep(1.2)
        assert not began.is_set()


def test_a_site_without_a_register_and_a_strange_channel_fail_with_a_reason(quick: Watch) -> None:
    alert = quick.ring()
    strange = quick.owe(alert, "pigeon", "roof")
    with quick.notifying():
        until(lambda: quick.row(alert, strange)["state"] == "failed")
    assert (quick.row(alert, strange)["code"], quick.row(alert, strange)["attempts"]) == ("unknown_channel", 1)
    quick.register = None  # type: ignore[assignment]
    gone = quick.owe(alert, "email", "chen@example.org")
    with quick.notifying():
        until(lambda: quick.row(alert, gone)["state"] == "failed")
    assert quick.row(alert, gone)["code"] == "no_register"
    assert now() >= quick.row(alert, gone)["done_at"]


@pytest.mark.parametrize("asked", [False, True])
def test_a_refusal_on_the_rung_of_who_is_on_duty_makes_the_next_one_due(
    watch: Watch,
    http: HttpSink,
    asked: bool,
) -> None:
    """ESC-13: failures matter, where the site wants it."""
    if asked:
        duty = DutyPolicies(reach=Reach())
        watch.register = msgspec.structs.replace(watch.register, policies=Policies(duty=duty))
    http.replies = [Reply(410, b"gone")]
    later = now() + timedelta(hours=1)
    alert = watch.ring(ladder=LADDER, rung=1, due_at=later)
    first = watch.owe(alert, "webhook", http.url())
    with watch.notifying():
        until(lambda: watch.row(alert, first)["state"] == "failed")
    with watch.store.read() as conn:
        due_at = alert_store.get(conn, alert.site_id, alert.id).due_at
    assert due_at is not None
    assert (due_at < later) is asked
    assert [line.data.get("unreached") for line in watch.log(alert)] == ["chen" if asked else None]


def test_a_refusal_changes_nothing_while_another_way_is_open(watch: Watch, http: HttpSink) -> None:
    """ESC-13: another notice is out, or the call was not for who is on duty."""
    watch.register = msgspec.structs.replace(
        watch.register, policies=Policies(duty=DutyPolicies(reach=Reach(consoles=False)))
    )
    http.replies = [Reply(200), Reply(410, b"gone")]
    later = now() + timedelta(hours=1)
    alert, other = watch.ring(ladder=LADDER, rung=1, due_at=later), watch.ring(ladder=LADDER, rung=2, due_at=later)
    with watch.notifying():
        out = watch.owe(alert, "webhook", http.url())
        until(lambda: watch.row(alert, out)["state"] == "sent")
        gone = [(a, watch.owe(a, "webhook", http.url(), rung=n)) for a, n in ((alert, 1), (other, 2))]
        until(lambda: all(watch.row(a, n)["state"] == "failed" for a, n in gone))
    with watch.store.read() as conn:
        assert [alert_store.get(conn, a.site_id, a.id).due_at for a in (alert, other)] == [later, later]
