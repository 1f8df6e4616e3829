"""The lines of `when` and `then`: what each says, and what a line that says nothing is told (EMG-11)."""

import re
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import acts
from simulators.scenario import story
from simulators.scenario.duty_patterns import (
    AWAY_WORDS,
    ENTRY_WORDS,
    HANDOVER_WORDS,
    PRESENCE_WORDS,
    REQUEST_WORDS,
    REQUESTS,
    ROSTER_WORDS,
)
from simulators.scenario.errors import Wrong
from simulators.scenario.expects import expect
from simulators.scenario.fitting import fits, in_time
from simulators.scenario.given import SMALL
from simulators.scenario.known import CODES, DISPOSITIONS, REPORTS, WHYS, Known
from simulators.scenario.lines import SECOND, VERBS, act
from simulators.scenario.model import (
    Acknowledges,
    Act,
    Broker,
    Channel,
    Closes,
    Device,
    Expect,
    Garbage,
    Gateway,
    Happening,
    Notes,
    Releases,
    Reports,
    Resets,
    Says,
    Scans,
    Server,
    SignsOff,
    SignsOn,
)
from simulators.scenario.patrol_patterns import TAP_WORDS
from simulators.scenario.patterns import ALERT_WORDS, DUTY_WORDS, NOTICE_WORDS
from simulators.scenario.times import Clock, wall
from simulators.scenario.tokens import Words, shown, split, value, word
from simulators.scenario.words import told
from sites.pack import read

SITE = read(SMALL)
START = wall("2026-03-01T22:00", SITE.zone_info)
KNOWN = Known(SITE, Clock(SITE.zone_info, START, wall("2026-03-03T22:00", SITE.zone_info)))
UUID = "01890000-0000-7000-8000-000000000001"


def at(text: str) -> datetime:
    return KNOWN.clock.read(text).at


@pytest.mark.parametrize(
    ("line", "made"),
    [
        ("B2-07 fire.alarm", Says("B2-07", "fire.alarm")),
        ("B2-07 fire.alarm loop=2 point=7", Says("B2-07", "fire.alarm", {"loop": 2, "point": 7})),
        ("B2-07 fire.alarm x8 within 1.4s", Says("B2-07", "fire.alarm", times=8, within_s=1.4)),
        ("B2-07 fire.alarm x3", Says("B2-07", "fire.alarm", times=3)),
        ("B2-07 fire.alarm test", Says("B2-07", "fire.alarm", test=True)),
        ("B2-07 fire.alarm history retained", Says("B2-07", "fire.alarm", history=True, retained=True)),
        ("B2-07 fire.alarm again", Says("B2-07", "fire.alarm", again=True)),
        ("B2-07 fire.alarm gateway=gw-b", Says("B2-07", "fire.alarm", gateway="gw-b")),
        (f"B2-07 fire.alarm boot={UUID} seq=7", Says("B2-07", "fire.alarm", boot=UUID, seq=7)),
        (f"B2-07 fire.alarm id={UUID}", Says("B2-07", "fire.alarm", id=UUID)),
        (
            "L-1 water.leak said_at=2017-03-01T22:05:00+08:00",
            Says("L-1", "water.leak", said_at=wall("2017-03-01T22:05", SITE.zone_info)),
        ),
        ("L-1 water.leak said_at=-10m", Says("L-1", "water.leak", said_at=at("22:20"))),
        ('"ZZ-9" fire.alarm gateway=gw-a', Says("ZZ-9", "fire.alarm", gateway="gw-a")),
        ('B2-07 "heat.bloom" level=1.5 on=true', Says("B2-07", "heat.bloom", {"level": 1.5, "on": True})),
        ('B2-07 fire.alarm card="7" list=[1,2]', Says("B2-07", "fire.alarm", {"card": "7", "list": [1, 2]})),
        ("scan guard C1", Scans("guard", "C1")),
        ("guard scans C1", Scans("guard", "C1")),
        ("scan guard C1 said_at=22:01 proof=manual", Scans("guard", "C1", None, at("22:01"), "manual")),
        ("scan guard C1 tag=04:A1:B2:C3:D4:E5:F7", Scans("guard", "C1", "04A1B2C3D4E5F7")),
        ('scan "ghost" C1', Scans("ghost", "C1")),
        ('garbage on gw-a "{not json"', Garbage("gw-a", "{not json")),
        (r'garbage on gw-a "{\"a\":1}"', Garbage("gw-a", '{"a":1}')),
        ("garbage on gw-a '{\"a\":1}'", Garbage("gw-a", '{"a":1}')),
        ("wang acks B2-07", Acknowledges("wang", "B2-07")),
        ("wang acks B2-07/fire.alarm", Acknowledges("wang", "B2-07/fire.alarm")),
        ("wang acks no.3", Acknowledges("wang", "#3")),
        ("wang acks alert 3", Acknowledges("wang", "#3")),
        ("wang acks #3", Acknowledges("wang", "#3")),
        ("wang acks gw-a", Acknowledges("wang", "gateway/gw-a")),
        ("wang acks centre/duty.gap", Acknowledges("wang", "seat/centre/duty.gap")),
        ("wang acks zone/b7", Acknowledges("wang", "zone/b7")),
        ('chen acks B2-07 override reason="on the roof"', Acknowledges("chen", "B2-07", True, "on the roof")),
        ('wang releases B2-07 reason="called away"', Releases("wang", "B2-07", "called away")),
        ("wang releases B2-07", Releases("wang", "B2-07")),
        ("wang resets B2-07", Resets("wang", "B2-07")),
        ('wang notes B2-07 "看到烟 # 3: yes"', Notes("wang", "B2-07", "看到烟 # 3: yes")),
        (
            'wang closes B2-07 false_alarm cause=cooking note="toast"',
            Closes("wang", "B2-07", "false_alarm", "cooking", "toast"),
        ),
        ("wang notes B2-07 “看到烟 了”", Notes("wang", "B2-07", "看到烟 了")),
        ("chen closes B2-07 confirmed reason=fire", Closes("chen", "B2-07", "confirmed", reason="fire")),
        ("li signs on centre", SignsOn("li", "centre")),
        ("li signs on to centre", SignsOn("li", "centre")),
        ("li signs off centre", SignsOff("li", "centre")),
        (
            "wang reports manual.resident_call zone=b7 note=stuck caller=702",
            Reports("wang", "manual.resident_call", "b7", "stuck", "702"),
        ),
        ("gateway gw-a offline", Gateway("gw-a", "offline")),
        ("gateway gw-a restarts", Gateway("gw-a", "restarts")),
        ("device B2-07 falls silent", Device("B2-07", "falls_silent")),
        ("device B2-07 speaks", Device("B2-07", "speaks")),
        ("server stops", Server("stops")),
        ("broker forgets", Broker("forgets")),
        ("channel email fails", Channel("email", "fails")),
    ],
)
def test_a_line_is_something_done(line: str, made: Act) -> None:
    assert act(line, KNOWN, at("22:30")) == made


def test_every_verb_has_an_example_that_it_reads() -> None:
    for verb in VERBS:
        assert isinstance(act(verb.example, KNOWN, START), Act), verb.form


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("", "nothing happens in this line"),
        ("B2-70 fire.alarm", 'unknown device "B2-70"; did you mean "B2-07"?'),
        ("B2-70 alarms", 'unknown word "B2-70"; did you mean "B2-07"?'),
        ("B2-07 fire.alrm", 'unknown kind "fire.alrm"; did you mean "fire.alarm"?'),
        ("B2-07", "the kind is missing"),
        ("B2-07 fire.alarm agian", 'unknown word "agian"; did you mean "again"?'),
        ("B2-07 fire.alarm x8 within", "the span after `within` is missing"),
        ("B2-07 fire.alarm x8 within 2", '"2" is not a span of time (1.4s, 500ms, 2m)'),
        ("B2-07 fire.alarm gateway=gw-c", 'unknown gateway "gw-c"; did you mean "gw-b"?'),
        ("B2-07 fire.alarm seq=0", 'seq= is a whole number from 1, not "0"'),
        ("B2-07 fire.alarm id=7", 'id= is a UUID in lower case, not "7"'),
        (f"B2-07 fire.alarm x2 id={UUID}", "seq= and id= are for one message; write one line for each"),
        ("B2-07 fire.alarm loop=1 loop=2", "loop= stands twice"),
        ("B2-07 fire.alarm list=[1", "list=[1 is not JSON"),
        ('"ZZ-9" fire.alarm', "ZZ-9 is not of this site: say by which gateway it speaks (gateway=gw-a)"),
        ('"Z Z" fire.alarm', '"Z Z" is not a name (letters, digits and . _ : -, at most 64)'),
        ('B2-07 "alarm"', '"alarm" is not a kind (family.what)'),
        ("wang ofers centre", 'unknown verb "ofers"; did you mean "offers"?'),
        ("wang offers center", 'unknown seat "center"; did you mean "centre"?'),
        ("wang counts centre radios four", '"four" is not a number of things'),
        ("wang checks centre panel broken", 'unknown word "broken" (known: faulty, fine)'),
        ("zhao lifts centre", 'why? (reason="…")'),
        ("li takes ofer centre", 'unknown verb "takes ofer"; did you mean "takes over"?'),
        ("chen drafts 2026-13", '"2026-13" is not a month (2026-04)'),
        ("chen puts li in centre nihgt on 2026-04-03", 'unknown shift "nihgt"; did you mean "night"?'),
        ("chen puts li in centre night on 2026-04-31", '"2026-04-31" is not a day (2026-03-01)'),
        ("wang writes staus state=normal", 'unknown form "staus"; did you mean "status"?'),
        ("wang writes status stat=normal", 'unknown field "stat"; did you mean "state"?'),
        ('wang leaves centre for 20s reason="supper"', '"20s" is not a span of whole minutes (20m)'),
        ('wang asks leave from 20:00 until 21:00 reason="x"', '"20:00" is not a date and time (2026-03-05T08:00)'),
        ("scan guard C9", 'unknown checkpoint "C9" (known: C1, C2)'),
        ("scan gard C1", 'unknown person "gard"; did you mean "guard"?'),
        ("scan guard C1 tag=xyz", "tag= is a tag's UID: 4, 7, 8 or 10 bytes in hexadecimal"),
        ('scan guard "C9"', "C9 is not of this site: say which tag is read (tag=04A1B2C3D4E5F6)"),
        ("chen hangs tag 04A1B2C3D4E5F9", "`at CHECKPOINT` is missing"),
        ("chen hangs tag 04A1B2C3D4E5F9 at C1 proof=son", 'unknown proof "son" (known: sun, uid)'),
        ("chen hangs tag 04A1B2C3 at C1 proof=sun", "a tag that proves itself has a UID of 7 bytes"),
        ("guard taps C1 on phone-1 counter=0", "counter= of a tag that proves itself is 1 to 16777215"),
        ("guard taps C1 on phone-1 forged", "a forged read says a count, too (counter=7)"),
        ("guard taps C1 on phone-1 pages", 'unknown word "pages"; did you mean "page"?'),
        (
            "guard taps C1 on phone-1 page",
            "only a tag that proves itself has a page: how often was it read? (counter=7)",
        ),
        (
            "guard taps C1 on phone-1 page counter=7 photos=1",
            "the page sends the read and nothing else: no kept, edited, said_at=, vouched=, note=, photos= and no answers",
        ),
        ("guard taps C1 on phone-1 photos=11", "photos= is how many the tap names, at most 10"),
        ("guard opens C1", "only a tag that proves itself gives an address: how often was it read? (counter=7)"),
        ("guard opens C1 counter=7 unsinged", 'unknown word "unsinged"; did you mean "unsigned"?'),
        ("scan guard C1 prof=uid", 'unknown option "prof"; did you mean "proof"?'),
        ("scan guard C1 proof=vid", 'unknown proof "vid" (known: manual, qr, sun, uid)'),
        ("wang ack B2-07", 'unknown verb "ack"; did you mean "acks"?'),
        (
            "wang",
            f"what does wang do? ({', '.join(SECOND)})",
        ),
        ("wnag acks B2-07", 'unknown person "wnag"; did you mean "wang"?'),
        ("wang acknowledges B2-07", 'unknown verb "acknowledges"; did you mean "acks"?'),
        ("gw-a offline", '"gw-a" does nothing by itself; did you mean "gateway gw-a …"?'),
        ("B2-07 falls silent", '"B2-07 falls" is not a line; did you mean "device B2-07 falls …"?'),
        ("wang acks", "the alert is missing"),
        (
            "wang acks B2-70",
            'unknown device or other subject of an alert "B2-70"; did you mean "B2-07"?',
        ),
        ("wang acks B2-07/fire.alrm", 'unknown kind "fire.alrm"; did you mean "fire.alarm"?'),
        ("wang acks B2-07 now", '"now" is one word too many; a text of several words stands in quotes'),
        ("wang notes B2-07 smoke seen", '"seen" is one word too many; a text of several words stands in quotes'),
        ('wang notes B2-07 "smoke', 'the quote that begins at ""smoke" is not closed'),
        ('wang notes B2-07 "smoke"seen', 'a blank is missing after "smoke"'),
        (
            "wang closes B2-07 false",
            (
                'unknown disposition "false" (known: confirmed, drill, duplicate, false_alarm, '
                "handed_to_authority, maintenance, test)"
            ),
        ),
        ("wang closes B2-07 false_alarm cause=cookin", 'unknown cause "cookin"; did you mean "cooking"?'),
        ("li signs centre", 'unknown word after signs "centre" (known: off, on)'),
        ("li signs on center", 'unknown seat "center"; did you mean "centre"?'),
        ("wang reports manual.report", "where? (zone=ZONE)"),
        ("wang reports manual.report zone=b8", 'unknown zone "b8" (known: b7, estate)'),
        (
            "wang reports fire.alarm zone=b7",
            'unknown kind of report "fire.alarm" (known: manual.panic, manual.report, manual.resident_call)',
        ),
        ("gateway gw-a of", 'unknown word "of" (known: offline, online, restarts)'),
        ("device B2-07 falls", "`silent` is missing"),
        ("server dies", 'unknown word "dies" (known: restarts, starts, stops)'),
        ("channel emial fails", 'unknown channel "emial"; did you mean "email"?'),
        ('garbage gw-a "x"', '`on` is missing before "gw-a"'),
        ("L-1 water.leak said_at=noon", '"noon" is not a time'),
    ],
)
def test_a_line_that_says_nothing_is_told_why(line: str, why: str) -> None:
    with pytest.raises(Wrong) as said:
        act(line, KNOWN, at("22:30"))
    assert str(said.value) == why


def wanted(line: str) -> dict[str, Any]:
    """What an expectation asks for, without what every one has."""
    made = msgspec.structs.asdict(expect(line, 1, KNOWN, START))
    bare = msgspec.structs.asdict(Expect(line=1, text=line))
    return {key: found for key, found in made.items() if found != bare[key]}


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        (
            "22:04 alert B2-07 fire.alarm raised to wang",
            {"at": at("22:04"), "topic": "alert", "about": ("B2-07", "fire.alarm"), "what": "raised", "who": ("wang",)},
        ),
        ("22:04 alert B2-07/fire.alarm raised", {"about": ("B2-07", "fire.alarm")}),
        ("22:04 alert raised", {"topic": "alert", "what": "raised"}),
        ("22:04 alert fire.alarm raised", {"about": ("", "fire.alarm")}),
        ("22:04 alert no.3 raised", {"about": ("#3",)}),
        ("22:04 alert gw-a gateway.offline raised", {"about": ("gateway/gw-a", "gateway.offline")}),
        ("22:04 alert seat/centre duty.gap raised", {"about": ("seat/centre", "duty.gap")}),
        ("22:04 alert B2-07 escalated to chen, zhao rung=1", {"who": ("chen", "zhao"), "more": {"rung": 1}}),
        ("22:04 alert B2-07 escalated to chen and external/fire", {"who": ("chen", "external/fire")}),
        ("22:04 alert B2-07 raised to nobody", {"who": ()}),
        ('22:04 alert "ZZ" raised to "mr x"', {"about": ("ZZ",), "who": ("mr x",)}),
        ("22:04:05.250 alert B2-07 cleared", {"at": at("22:04:05.250"), "precision_s": 0.001}),
        ("22:06:30±2s alert B2-07 acked by wang", {"tolerance": timedelta(seconds=2), "who": ("wang",)}),
        ("later alert B2-07 cleared", {"later": True, "topic": "alert", "about": ("B2-07",), "what": "cleared"}),
        ("22:10 alert B2-07 closed false_alarm by wang", {"more": {"disposition": "false_alarm"}, "who": ("wang",)}),
        ("22:10 alert B2-07 closed by wang", {"what": "closed", "who": ("wang",)}),
        ("22:08 alert B2-07 is acked by wang", {"form": "is", "what": "acked", "who": ("wang",)}),
        ("22:08 alert B2-07 is held by nobody", {"form": "is", "what": "held", "who": ()}),
        ("22:08 alert B2-07 is raised repeats=7", {"form": "is", "what": "raised", "more": {"repeats": 7}}),
        ("22:08 alert B2-07 is closed test", {"form": "is", "what": "closed", "more": {"disposition": "test"}}),
        ("22:08 seat centre is held by wang", {"form": "is", "topic": "seat", "about": ("centre",), "who": ("wang",)}),
        ("22:08 seat centre is held by nobody", {"form": "is", "topic": "seat", "who": ()}),
        ("22:08 seat centre is empty", {"form": "is", "topic": "seat", "who": ()}),
        ("22:04 notice B2-07 email to chen", {"topic": "notice", "what": "email", "who": ("chen",)}),
        ("22:04 notice B2-07 sent email to chen", {"what": "sent", "more": {"channel": "email"}}),
        ("22:04 notice B2-07 fire.alarm failed", {"about": ("B2-07", "fire.alarm"), "what": "failed"}),
        ("22:11 duty centre signed_on by li", {"topic": "duty", "about": ("centre",), "what": "signed_on"}),
        ("22:06 tap C1 by guard", {"topic": "tap", "about": ("C1",), "what": "tap", "who": ("guard",)}),
        ('22:06 tap "04DEADBEEF0102" unknown_tag', {"about": ("04DEADBEEF0102",), "what": "unknown_tag"}),
        ("22:18 reject gw-a not_json", {"topic": "reject", "about": ("gw-a",), "what": "not_json"}),
        ("22:09 refused B2-07 not_holder by li", {"topic": "refused", "about": ("B2-07",), "what": "not_holder"}),
        ("22:09 refused centre already_signed_on by li", {"about": ("centre",), "what": "already_signed_on"}),
        ("22:09 refused B2-07/fire.alarm reason_needed", {"about": ("B2-07", "fire.alarm")}),
        ("22:00 log site.imported", {"topic": "log", "what": "site.imported"}),
        ("no notice to zhao", {"form": "never", "topic": "notice", "who": ("zhao",)}),
        ("no alert", {"form": "never", "topic": "alert"}),
        ("no tap", {"form": "never", "topic": "tap"}),
        ("22:00..22:30 no alert L-1 raised", {"form": "never", "at": START, "until": at("22:30"), "what": "raised"}),
        ("23:00..01:00 no alert L-1", {"at": at("23:00"), "until": at("+1d 01:00")}),
        ("nothing else", {"form": "nothing_else"}),
        ("22:00..22:30 nothing else", {"form": "nothing_else", "until": at("22:30")}),
        ("22:30 no open alerts", {"form": "no_open_alerts", "at": at("22:30")}),
        ("end logbook has 12 lines", {"form": "log_size", "at": at("end"), "more": {"lines": 12}}),
        ("logbook has 1 line", {"form": "log_size", "more": {"lines": 1}}),
        ("end logbook verifies", {"form": "verifies"}),
    ],
)
def test_a_line_is_something_expected(line: str, asked: dict[str, Any]) -> None:
    assert asked.items() <= wanted(line).items()


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("", "what is expected?"),
        ("22:04", "what is expected?"),
        ("22:04 alarm B2-07 raised", 'unknown word "alarm"; did you mean "alert"?'),
        ("alert B2-07 raised", "when? Write a time in front, or `later`"),
        ("22:04 alert B2-07 rised", 'unknown word "rised"; did you mean "raised"?'),
        ("22:04 alert B2-07 acknowledged", 'unknown word "acknowledged"; did you mean "acked"?'),
        ("22:04 clock B2-07 raised", None),
        ("22:04 alert B2-70 raised", 'unknown device or other subject of an alert "B2-70"; did you mean "B2-07"?'),
        ("22:04 alert B2-07 fire.alrm raised", 'unknown kind "fire.alrm"; did you mean "fire.alarm"?'),
        ("22:04 alert B2-07 raised by wang", "`raised` goes with `to`, not with `by`"),
        ("22:04 alert B2-07 acked to wang", "`acked` goes with `by`, not with `to`"),
        ("22:04 alert B2-07 raised to wnag", 'unknown person "wnag"; did you mean "wang"?'),
        ("22:04 alert B2-07 raised to wang, nobody", "`nobody` stands alone"),
        ("22:04 alert B2-07 raised to", "the person is missing"),
        ("22:04 alert B2-07 raised wang", '"wang" is one word too many; a text of several words stands in quotes'),
        ("22:04 alert B2-07 raised rnug=1", 'unknown option "rnug"; did you mean "rung"?'),
        ("22:04 alert B2-07 is open", None),
        ("22:04 alert B2-07 is held", "held by whom? (`by nobody` is possible)"),
        ("alert B2-07 is acked", "when? Write a time in front, or `end`"),
        ("22:04±1s alert B2-07 is acked", "`±` goes only with what happens"),
        ("later seat centre is empty", "`later` goes only with what happens"),
        ("22:08 seat centre held by wang", "`is held by PERSON`, `is held by nobody` or `is empty` is missing"),
        (
            "22:04..22:05 alert B2-07 raised",
            "a span `A..B` goes with `no …` and `nothing else`; write A±SPAN for a tolerance",
        ),
        ("22:30..22:00 no alert", None),
        ("22:04 no alert", "write a span (22:00..22:30), or no time for the whole night"),
        ("22:04 notice B2-07 mail to chen", None),
        ("22:04 duty center signed_on", 'unknown seat "center"; did you mean "centre"?'),
        ("22:04 tap C1 by gard", 'unknown person "gard"; did you mean "guard"?'),
        ("22:04 reject gw-a bad_json", None),
        ("22:04 refused B2-07 not_holdr by li", 'unknown refusal "not_holdr"; did you mean "not_holder"?'),
        ("22:04 log alert.raise", "such lines are told as `alert …`, not as `log alert.raise`"),
        ("22:04 log imported", '"imported" is not an act (site.imported, alert.raise, duty.sign_on, …)'),
        ("end logbook has many lines", '"many" is not a number of lines'),
        ("end logbook is fine", "`logbook` goes on with `has N lines` or `verifies`"),
        ("nothing", "`nothing` goes on with `else`"),
        ("22:04±2 alert B2-07 raised", '"2" is not a span of time (2s, 500ms, 1m)'),
    ],
)
def test_an_expectation_that_asks_for_nothing_is_told_why(line: str, why: str | None) -> None:
    with pytest.raises(Wrong) as said:
        expect(line, 1, KNOWN, START)
    assert why is None or str(said.value) == why


@settings(deadline=None)  # a busy machine is no fault
@given(st.text(max_size=60) | st.lists(st.sampled_from([
    "22:04", "alert", "B2-07", "fire.alarm", "raised", "to", "by", "wang", "is", "no", "no.3", "later", '"', "closes",
    "x8", "within", "seq=1", "said_at=22:01", "signs", "on", "centre", "logbook", "has", "12", "lines", "22:00..23:00",
    "nothing", "else", "nobody", "notice", "email", "reports", "zone=b7", "gateway", "gw-a", "offline", "=", "#3",
]), max_size=9).map(" ".join))  # fmt: skip
def test_any_words_are_a_line_or_say_why(line: str) -> None:
    for parse in (lambda: act(line, KNOWN, START), lambda: expect(line, 1, KNOWN, START)):
        try:
            parse()
        except Wrong as wrong:
            assert str(wrong)


@settings(deadline=None)  # a busy machine is no fault
@given(st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15) + 1, 10**15 - 1) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc\" '", max_size=3), inner, max_size=3),
    max_leaves=6,
))  # fmt: skip
def test_every_value_reads_back_as_it_was_written(made: Any) -> None:
    (token,) = split(f"k={shown(made)}")
    assert value(token) == made


@settings(deadline=None)  # a busy machine is no fault
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_every_text_is_one_word_that_reads_back(text: str) -> None:
    assert Words(split(word(text))).take("word").text == text


# -- what happened, told in the same words

PEOPLE = st.sampled_from([*SITE.people, "external/fire", "ghost", "mr x"])
WHO = st.lists(PEOPLE, max_size=3, unique=True).map(tuple)
SUBJECTS = st.sampled_from([*sorted(KNOWN.subjects), "ZZ-9", "re: #3"])
KINDS = st.sampled_from(["fire.alarm", "water.leak", "duty.gap", "heat.bloom"])
ABOUT = st.tuples(SUBJECTS, KINDS)
MORE = st.fixed_dictionaries(
    {}, optional={"ring": st.integers(1, 3), "rung": st.integers(0, 9), "number": st.integers(1, 99)}
)
WHEN = st.integers(0, 2 * 86_400_000 - 1).map(lambda ms: START + timedelta(milliseconds=ms))
HAPPENINGS = st.one_of(
    st.builds(
        Happening, WHEN, st.just("alert"), ABOUT, st.sampled_from([w for w in ALERT_WORDS if w != "closed"]), WHO, MORE
    ),
    st.builds(
        Happening,
        WHEN,
        st.just("alert"),
        ABOUT,
        st.just("closed"),
        WHO,
        st.fixed_dictionaries({"disposition": st.sampled_from(DISPOSITIONS)}),
    ),
    st.builds(
        Happening,
        WHEN,
        st.just("notice"),
        ABOUT,
        st.sampled_from(["email", "webhook", *NOTICE_WORDS]),
        PEOPLE.map(lambda p: (p,)),
        st.just({"channel": "email"}),
    ),
    st.builds(
        Happening,
        WHEN,
        st.just("duty"),
        st.sampled_from(["centre", "leader", "gone"]).map(lambda s: (s,)),
        st.sampled_from(DUTY_WORDS),
        PEOPLE.map(lambda p: (p,)),
    ),
    st.builds(
        Happening, WHEN, st.just("tap"), st.sampled_from([("C1",), ("04DEAD",)]), st.sampled_from(TAP_WORDS), WHO
    ),
    st.builds(Happening, WHEN, st.just("reject"), st.sampled_from([("gw-a",), ("wr/v9/x",)]), st.sampled_from(WHYS)),
    st.builds(
        Happening,
        WHEN,
        st.just("refused"),
        st.sampled_from(
            [
                ("B2-07",),
                ("B2-07/fire.alarm",),
                ("#3",),
                ("centre",),
                ("gateway/gw-a",),
                ("zone/b7",),
                ("2026-04",),
                ("note",),
                ("wang",),
                ("swap",),
            ]
        ),
        st.sampled_from(CODES),
        PEOPLE.map(lambda p: (p,)),
    ),
    st.builds(
        Happening,
        WHEN,
        st.just("handover"),
        st.sampled_from([("centre",), ("gone",)]),
        st.sampled_from(HANDOVER_WORDS),
        WHO,
        st.sampled_from([{}, {"item": "B2-07"}, {"item": "two words"}]),
    ),
    st.builds(Happening, WHEN, st.just("roster"), st.just(("2026-04",)), st.sampled_from(ROSTER_WORDS), WHO),
    st.builds(
        Happening, WHEN, st.just("entry"), st.sampled_from([("note",), ("gone",)]), st.sampled_from(ENTRY_WORDS), WHO
    ),
    st.builds(
        Happening,
        WHEN,
        st.just("request"),
        st.sampled_from([(kind,) for kind in sorted(REQUESTS)]),
        st.sampled_from(REQUEST_WORDS),
        WHO,
    ),
    st.builds(Happening, WHEN, st.just("presence"), st.just(("centre",)), st.sampled_from(PRESENCE_WORDS), WHO),
    st.builds(Happening, WHEN, st.just("away"), st.just(("gone",)), st.sampled_from(AWAY_WORDS), WHO),
    st.builds(Happening, WHEN, st.just("review"), st.just(("2026-03-01",)), st.just("signed"), WHO),
    st.builds(Happening, WHEN, st.just("log"), st.just(("site",)), st.just("site.imported"), st.just(("wang",))),
)


@settings(deadline=None)  # a busy machine is no fault
@given(HAPPENINGS, st.booleans())
def test_what_happened_is_told_in_words_that_fit_it(h: Happening, long: bool) -> None:
    line = told(h, KNOWN.clock, KNOWN, long=long)
    read_back = expect(line, 1, KNOWN, START)
    assert read_back.form == "happens"
    assert fits(read_back, h), line
    assert in_time(read_back, h.at)
    assert not re.search(r"\s\s", line)


# -- the language and the product know the same words


def leaves(made: type) -> set[type]:
    """The kinds of act that are not only there for others to stand on."""
    below = made.__subclasses__()
    return {leaf for one in below for leaf in leaves(one)} if below else {made}


def test_every_act_can_be_said() -> None:
    said = {type(act(line, KNOWN, at("22:30"))) for line in (*(v.example for v in VERBS), "li signs off centre")}
    assert said == leaves(Act)


def test_every_word_of_a_story_can_be_expected() -> None:
    assert set(ALERT_WORDS) == set(story.WORDS.values())
    assert set(DUTY_WORDS) == {*story.DUTY.values(), "absent"}


def test_what_people_may_report_is_what_the_product_takes() -> None:
    assert set(REPORTS) == acts.REPORTS
