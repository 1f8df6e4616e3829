"""Whoever signs on at a post that has a tag shows it (DUTY-13): the right one, another post's, or none; on both databases."""

from typing import Any

import msgspec
import pytest

from duty.post_token import code_of
from ingest import acts
from patrol import tag_acts
from patrol.rules import Proof
from patrol.tags import Act
from sites.duty_policies import DutyPolicies, PostToken
from sites.duty_words import Post
from sites.register import Checkpoint
from store.db import Store
from tests.conftest import HandClock
from tests.ingest.test_handover import Watch as HandedOver
from tests.ingest.test_handover import code
from tests.night import HARBOUR, Night, words

HERE, THERE = "04A1B2C3D4E5F6", "04FFEEDDCCBBAA"


class Watch(HandedOver):
    """The centre has checkpoint C1 at it; C2 hangs elsewhere."""

    def __init__(self, db: Store, clock: HandClock, policy: PostToken) -> None:
        policies = msgspec.structs.replace(HARBOUR.policies, duty=DutyPolicies(post_token=policy))
        points = {**HARBOUR.checkpoints, "C2": Checkpoint("C2", words("C2"), "b7", (THERE,))}
        posts = {**HARBOUR.posts, "centre": Post("centre", words("Centre"), checkpoint="C1")}
        register = msgspec.structs.replace(HARBOUR, policies=policies, checkpoints=points, posts=posts)
        Night.__init__(self, db, clock, register)

    def on(self, token: str | None = None, seat: str = "centre", **more: Any) -> Any:
        with self.tx() as (tx, desk):
            acts.sign_on(tx, desk, seat, "wang", self.clock(), token=token, **more)
        last = next(e for e in reversed(self.log()) if e.act == "duty.sign_on")
        return last.data.get("place"), last.data.get("seen")


@pytest.mark.parametrize("policy", [PostToken.FLAG, PostToken.REJECT])
def test_the_posts_own_tag_is_right_however_it_is_written(store: Store, clock: HandClock, policy: PostToken) -> None:
    assert Watch(store, clock, policy).on("04:a1:b2:c3:d4:e5:f6") == ("right", None)


def test_another_posts_tag_or_none_is_refused_and_nobody_has_come(store: Store, clock: HandClock) -> None:
    watch = Watch(store, clock, PostToken.REJECT)
    for token in (None, "", THERE, "0000"):
        assert code(lambda token=token: watch.on(token)) == "not_at_post"  # type: ignore[misc]
    assert "duty.sign_on" not in watch.said_in_log()
    assert watch.on(None, "leader") == (None, None)  # a post without a tag asks for none


def test_or_it_is_flagged_in_the_log(store: Store, clock: HandClock) -> None:
    watch = Watch(store, clock, PostToken.FLAG)
    assert watch.on(THERE) == ("wrong", "C2")
    watch.act("sign_off", "wang", "centre")
    clock.tick(1)
    assert watch.on() == ("missing", None)
    watch.act("sign_off", "wang", "centre")
    clock.tick(1)
    assert watch.on("nobody's") == ("wrong", None)


def test_what_a_phone_tells_later_is_only_flagged(store: Store, clock: HandClock) -> None:
    watch = Watch(store, clock, PostToken.REJECT)
    assert watch.on(None, said_at=clock()) == ("missing", None)


def test_a_blocked_tag_says_nothing(store: Store, clock: HandClock) -> None:
    watch = Watch(store, clock, PostToken.FLAG)
    with watch.tx() as (tx, desk):
        tag_acts.assign(tx, desk.register, "QNEW", "C1", Proof.UID, "chen", clock())
        tag_acts.act(tx, desk.register, "QNEW", Act.BLOCK, "chen", "lost", clock())
    assert watch.on("QNEW") == ("wrong", None)


def test_where_the_site_does_not_ask_nothing_is_said(store: Store, clock: HandClock) -> None:
    assert Watch(store, clock, PostToken.OFF).on(THERE) == (None, None)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("https://watch.example/t/q/QAB2C?s=harbour", "QAB2C"),
        ("/t/q/qab", "QAB"),
        ("04:a1:b2", "04A1B2"),
        ("04 a1-b2", "04A1B2"),
        ("", ""),
    ],
)
def test_a_code_is_read_as_it_comes(said: str, code: str) -> None:
    assert code_of(said) == code
