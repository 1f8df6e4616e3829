"""The lines of `then`: what must have come of it. The same words tell what did come of it (`words.told`)."""

from typing import Any, Final

import msgspec

from simulators.scenario import duty_patterns
from simulators.scenario.errors import Wrong
from simulators.scenario.known import Known
from simulators.scenario.model import Expect
from simulators.scenario.pattern import Pattern
from simulators.scenario.patterns import READERS, TOPICS, alert_stands, seat_stands
from simulators.scenario.times import prefix
from simulators.scenario.tokens import Words, nearest, split
from sites.fields import quoted

FIRST_WORDS: Final = (*TOPICS, "seat", "logbook", "no", "nothing")


def expect(line: str, number: int, known: Known, before: Any) -> Expect:
    """What a line of `then` asks for. `before`: the time of the line above it. Raises `Wrong`."""
    times = prefix(line)
    rest = line.strip() if times is None else times.rest
    later = times is None and rest.split()[:1] == ["later"]
    if later:
        rest = rest.partition("later")[2].strip()
    words = Words(split(rest))
    if not words.left:
        raise Wrong("what is expected?")
    if words.peek() not in FIRST_WORDS:
        raise Wrong(nearest("word", words.left[0].text, FIRST_WORDS))
    base = Expect(line=number, text=line, later=later)
    if times is not None:
        moment = known.clock.read(times.at, None if times.until is not None else before)
        base = msgspec.structs.replace(base, at=moment.at, precision_s=moment.precision_s, tolerance=times.tolerance)
        if times.until is not None:
            until = known.clock.read(times.until, moment.at).at
            if until <= moment.at:
                raise Wrong(f"the span ends before it begins: {times.at}..{times.until}")
            base = msgspec.structs.replace(base, until=until)
    return _placed(_form(base, words, known), times is not None and bool(times.tolerance))


def _placed(made: Expect, tolerant: bool) -> Expect:
    """Whether the time that was written makes sense with what is expected."""
    timed = made.at is not None
    if made.form == "happens":
        if made.until is not None:
            raise Wrong("a span `A..B` goes with `no …` and `nothing else`; write A±SPAN for a tolerance")
        if not timed and not made.later:
            raise Wrong("when? Write a time in front, or `later`")
        return made
    if tolerant or made.later:
        raise Wrong(f"`{'later' if made.later else '±'}` goes only with what happens")
    if made.form in {"never", "nothing_else"}:
        if timed and made.until is None:
            raise Wrong("write a span (22:00..22:30), or no time for the whole night")
    elif made.until is not None:
        raise Wrong("a span `A..B` goes with `no …` and `nothing else`")
    elif made.form in {"is", "no_open_alerts"} and not timed:
        raise Wrong("when? Write a time in front, or `end`")
    return made


def _form(base: Expect, words: Words, known: Known) -> Expect:
    if words.skip("nothing"):
        if not words.skip("else"):
            raise Wrong("`nothing` goes on with `else`")
        words.close()
        return msgspec.structs.replace(base, form="nothing_else")
    if words.skip("no", "open", "alerts"):
        words.close()
        return msgspec.structs.replace(base, form="no_open_alerts")
    if words.skip("logbook"):
        return _logbook(base, words)
    if words.skip("seat"):
        return _with(base, "is", seat_stands(words, known))
    never = words.skip("no")
    topic = words.one_of("word", TOPICS)
    if topic == "alert" and not never and any(t.text == "is" and not t.literal for t in words.left):
        return _with(base, "is", alert_stands(words, known))
    if topic in duty_patterns.STATES and not never and words.peek(1) == "is":
        return _with(base, "is", duty_patterns.stands(topic, words, known))
    pattern = READERS[topic](words, known, never)
    return _with(base, "never" if never else "happens", pattern)


def _with(base: Expect, form: str, p: Pattern) -> Expect:
    return msgspec.structs.replace(base, form=form, topic=p.topic, about=p.about, what=p.what, who=p.who, more=p.more)


def _logbook(base: Expect, words: Words) -> Expect:
    if words.skip("verifies"):
        words.close()
        return msgspec.structs.replace(base, form="verifies")
    if not words.skip("has"):
        raise Wrong("`logbook` goes on with `has N lines` or `verifies`")
    count = words.take("number of lines").text
    if not count.isdecimal() or len(count) > 9:
        raise Wrong(f"{quoted(count)} is not a number of lines")
    if not words.skip("lines") and not words.skip("line"):
        raise Wrong("`lines` is missing")
    words.close()
    return msgspec.structs.replace(base, form="log_size", more={"lines": int(count)})
