"""The lines of `when` about patrol: a tap at a point, and what is said about a round. One small parser for each form."""

import re
from datetime import datetime
from typing import Final

from patrol.flags import COUNTER_START
from patrol.sun import UID_BYTES
from simulators.scenario import model
from simulators.scenario.errors import Wrong
from simulators.scenario.known import PROOFS, Known
from simulators.scenario.model import Act
from simulators.scenario.patrol_acts import Opens, Rounds, Tags, Taps, Violates
from simulators.scenario.tokens import Words, value
from sites.fields import quoted, unknown
from sites.shapes import uid

_PHONE: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_HUNG: Final = ("sun", "uid")
_COUNTER: Final = re.compile(r"[0-9]{1,10}")
_MOST_PHOTOS: Final = 10


def scans(words: Words, known: Known, at: datetime) -> Act:
    person = words.known("person", known.register.people)
    words.skip("scans")
    checkpoint = words.known("checkpoint", known.register.checkpoints)
    synced = words.skip("synced")
    tag, proof, handset = words.text("tag"), words.text("proof"), words.text("handset")
    if tag is not None and (tag := uid(tag)) is None:
        raise Wrong("tag= is a tag's UID: 4, 7, 8 or 10 bytes in hexadecimal")
    if tag is None and checkpoint not in known.register.checkpoints:
        raise Wrong(f"{checkpoint} is not of this site: say which tag is read (tag=04A1B2C3D4E5F6)")
    if proof is not None and proof not in PROOFS:
        raise Wrong(unknown("proof", proof, PROOFS))
    if handset is not None and handset not in known.register.devices:
        raise Wrong(unknown("device", handset, known.register.devices))
    said = words.text("said_at")
    said_at = None if said is None else known.clock.near(said, at)
    if synced and said_at is None:
        raise Wrong("a tap that was kept says when it was made (said_at=22:01)")
    counter, note = _counter(words), words.text("note") or ""
    tasks = _tasks(known, checkpoint)
    answers = {key: value(words.options.pop(key)) for key in list(words.options) if key in tasks}
    words.close("said_at", "tag", "proof", "counter", "handset", "note", *sorted(tasks))
    return model.Scans(person, checkpoint, tag, said_at, proof or "uid", synced, counter, handset, answers, note)


def _tasks(known: Known, checkpoint: str) -> set[str]:
    """What is asked at a point, on any route."""
    stops = [stop for route in known.register.patrol_routes.values() for stop in route.stops]
    return {task.id for stop in stops if stop.checkpoint == checkpoint for task in stop.tasks}


def rounds(words: Words, known: Known, _: datetime) -> Act:
    """`chen suspends ROUTE reason=`, `chen resumes ROUTE`, `chen excuses ROUTE [POINT …] reason=`."""
    person = words.known("person", known.register.people)
    what = words.take("verb").text
    route = words.one_of("patrol route", known.register.patrol_routes)
    points: list[str] = []
    while what == "excuses" and words.left:
        points.append(words.one_of("point of the route", known.register.patrol_routes[route].checkpoints))
    made = Rounds(person, what, route, tuple(points), words.text("reason") or "")
    words.close("reason")
    return made


def taps(words: Words, known: Known, at: datetime) -> Act:
    """`guard taps C1 on PHONE [kept said_at=] [edited] [forged] [page] [tag=] [counter=] [vouched=] [photos=] [note=] [TASK=VALUE …]`."""
    person = words.known("person", known.register.people)
    words.skip("taps")
    checkpoint = words.known("checkpoint", known.register.checkpoints)
    if not words.skip("on"):
        raise Wrong("on which phone? (on phone-1)")
    phone = words.take("phone").text
    if not _PHONE.fullmatch(phone):
        raise Wrong(f"{quoted(phone)} is not a phone's name (letters, digits, _ and -)")
    flags = _flags(words, "kept", "edited", "forged", "page")
    said, tag = words.text("said_at"), words.text("tag")
    if tag is not None and (tag := uid(tag)) is None:
        raise Wrong("tag= is a tag's UID: 4, 7, 8 or 10 bytes in hexadecimal")
    said_at = None if said is None else known.clock.near(said, at)
    if flags["kept"] and said_at is None:
        raise Wrong("a tap that was kept says when it was made (said_at=22:01)")
    vouched, note, counter = words.text("vouched") or "", words.text("note") or "", _proving(words)
    photos = _photos(words)
    if flags["forged"] and counter is None:
        raise Wrong("a forged read says a count, too (counter=7)")
    if flags["page"]:
        _by_page(words, counter, plain=not (flags["kept"] or flags["edited"] or said or vouched or note or photos))
    answers = {key: value(token) for key, token in words.options.items()}
    words.options.clear()
    words.close()
    return Taps(
        person,
        checkpoint,
        phone,
        tag,
        said_at,
        flags["kept"],
        flags["edited"],
        vouched,
        counter,
        flags["forged"],
        note,
        answers,
        flags["page"],
        photos,
    )


def opens(words: Words, known: Known, _: datetime) -> Act:
    """`guard opens C1 counter= [tag=] [unsigned]`."""
    person = words.known("person", known.register.people)
    words.skip("opens")
    checkpoint = words.known("checkpoint", known.register.checkpoints)
    flags = _flags(words, "unsigned")
    tag, counter = words.text("tag"), _proving(words)
    if tag is not None and (tag := uid(tag)) is None:
        raise Wrong("tag= is a tag's UID: 4, 7, 8 or 10 bytes in hexadecimal")
    if counter is None:
        raise Wrong("only a tag that proves itself gives an address: how often was it read? (counter=7)")
    words.close("tag", "counter")
    return Opens(person, checkpoint, counter, tag, flags["unsigned"])


def tags(words: Words, known: Known, _: datetime) -> Act:
    """`chen hangs tag UID at CHECKPOINT [proof=sun]`, `chen blocks tag UID reason=`, `restores`, `moves … to CHECKPOINT`, `replaces … by UID`."""
    person = words.known("person", known.register.people)
    what = words.take("verb").text
    words.skip("tag")
    number, to = _uid(words), ""
    if what == "hangs":
        return _hangs(words, known, person, number)
    if what == "moves" and words.skip("to"):
        to = words.known("checkpoint", known.register.checkpoints)
    elif what == "replaces" and words.skip("by"):
        to = _uid(words)
    elif what in {"moves", "replaces"}:
        raise Wrong("`to CHECKPOINT` is missing" if what == "moves" else "`by UID` is missing")
    made = Tags(person, what, number, to, words.text("reason") or "")
    words.close("reason")
    return made


def _hangs(words: Words, known: Known, person: str, number: str) -> Act:
    if not words.skip("at"):
        raise Wrong("`at CHECKPOINT` is missing")
    point, proof = words.known("checkpoint", known.register.checkpoints), words.text("proof") or "uid"
    if proof not in _HUNG:
        raise Wrong(unknown("proof", proof, _HUNG))
    if proof == "sun" and len(number) != 2 * UID_BYTES:
        raise Wrong("a tag that proves itself has a UID of 7 bytes")
    words.close("proof")
    return Tags(person, "hangs", number, point, proof=proof)


def violates(words: Words, known: Known, _: datetime) -> Act:
    """`guard reports violation C1 note=`, `chen takes violation C1[/TASK] further note=`, `chen ends violation C1[/TASK] note=`."""
    person = words.known("person", known.register.people)
    what = words.take("verb").text
    words.skip("violation")
    point, slash, task = words.take("point").text.partition("/")
    if point not in known.register.checkpoints:
        raise Wrong(unknown("checkpoint", point, known.register.checkpoints))
    if slash and task not in (tasks := _tasks(known, point)):
        raise Wrong(unknown("task", task, tasks))
    words.skip("further")
    note = words.text("note") or ""
    words.close("note")
    return Violates(person, what, point, task, note)


def _uid(words: Words) -> str:
    text = words.take("tag").text
    found = uid(text)
    if found is None:
        raise Wrong(f"{quoted(text)} is not a tag's UID: 4, 7, 8 or 10 bytes in hexadecimal")
    return found


def _flags(words: Words, *known: str) -> dict[str, bool]:
    """Words that stand behind it, in any order."""
    flags = dict.fromkeys(known, False)
    while words.left:
        flags[words.one_of("word", known)] = True
    return flags


def _by_page(words: Words, counter: int | None, *, plain: bool) -> None:
    if counter is None:
        raise Wrong("only a tag that proves itself has a page: how often was it read? (counter=7)")
    if not plain or words.options:
        raise Wrong(
            "the page sends the read and nothing else: no kept, edited, said_at=, vouched=, note=, photos= and no answers"
        )


def _photos(words: Words) -> int:
    text = words.text("photos") or "0"
    if not text.isdecimal() or int(text) > _MOST_PHOTOS:
        raise Wrong(f"photos= is how many the tap names, at most {_MOST_PHOTOS}")
    return int(text)


def _proving(words: Words) -> int | None:
    """How often a tag that proves itself was read."""
    counter = _counter(words)
    if counter is not None and not 0 < counter < COUNTER_START:
        raise Wrong("counter= of a tag that proves itself is 1 to 16777215")
    return counter


def _counter(words: Words) -> int | None:
    text = words.text("counter")
    if text is not None and not _COUNTER.fullmatch(text):
        raise Wrong(f"counter= is how often the tag was read, not {quoted(text)}")
    return None if text is None else int(text)
