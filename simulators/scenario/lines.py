"""The lines of `when`: every form that there is, and which of them a line is."""

from datetime import datetime
from typing import Final

from simulators.scenario import deeds
from simulators.scenario.duty_lines import DUTY
from simulators.scenario.errors import Wrong
from simulators.scenario.known import DISPOSITIONS, REPORTS, Known
from simulators.scenario.model import Act
from simulators.scenario.patrol_lines import PATROL
from simulators.scenario.tokens import Words, nearest, split
from simulators.scenario.verbs import Verb
from sites.fields import unknown


def act(line: str, known: Known, at: datetime) -> Act:
    """What a line (without its time) does. Raises `Wrong`."""
    words = Words(split(line))
    if not words.left:
        raise Wrong("nothing happens in this line")
    verb = _verb(words, known)
    if not verb.second and verb.key:
        words.skip(verb.key)
    return verb.parse(words, known, at)


def _verb(words: Words, known: Known) -> Verb:
    """Which form a line is: by its first word, or by its second behind a person."""
    first, second, register = words.left[0], words.peek(1), known.register
    for key in (f"{second} {words.peek(2)}", second):
        if key in SECOND:
            return SECOND[key]
    if not first.literal and first.text in FIRST and first.text not in register.devices:
        return FIRST[first.text]
    if first.text in register.devices and second in {"falls", "speaks"}:
        raise Wrong(f'"{first.text} {second}" is not a line; did you mean "device {first.text} {second} …"?')
    if first.literal or first.text in register.devices or "." in second:
        return SAYS
    if first.text in register.people:
        if not second:
            raise Wrong(f"what does {first.text} do? ({', '.join(SECOND)})")
        begun = [key for key in SECOND if key.startswith(f"{second} ")]  # a verb of two words, the second one wrong
        if begun:
            raise Wrong(unknown("verb", f"{second} {words.peek(2)}".strip(), begun))
        raise Wrong(nearest("verb", second, SECOND))
    if first.text in register.gateways:
        raise Wrong(f'"{first.text}" does nothing by itself; did you mean "gateway {first.text} …"?')
    raise Wrong(nearest("word", first.text, [*FIRST, *register.devices, *register.people]))


SAYS: Final = Verb(
    "",
    "DEVICE KIND [xN within SPAN] [test|history|retained|again] [said_at=] [gateway=] [boot= seq= id=] [DATA=VALUE …]",
    "A device says something. What else it says (loop=2) is the event's data.",
    "B2-07 fire.alarm x8 within 1.4s loop=2 point=7",
    deeds.says,
)
VERBS: Final = (
    SAYS,
    *PATROL,
    Verb(
        "acks",
        "PERSON acks ALERT [override reason=]",
        "Somebody answers an alert; a supervisor may override, with a reason.",
        'chen acks B2-07 override reason="wang is on the roof"',
        deeds.acks,
        second=True,
    ),
    Verb(
        "releases",
        "PERSON releases ALERT reason=",
        "Custody goes back to the seat.",
        'wang releases B2-07 reason="called away"',
        deeds.releases,
        second=True,
    ),
    Verb("resets", "PERSON resets ALERT", "A latched alarm is reset.", "wang resets B2-07", deeds.resets, second=True),
    Verb("notes", 'PERSON notes ALERT "TEXT"', "A remark.", 'wang notes B2-07 "smoke seen"', deeds.notes, second=True),
    Verb(
        "closes",
        "PERSON closes ALERT DISPOSITION [cause=] [note=] [reason=]",
        "An alert is closed: " + ", ".join(DISPOSITIONS) + ".",
        'wang closes B2-07 false_alarm cause=cooking note="toast"',
        deeds.closes,
        second=True,
    ),
    Verb(
        "names",
        "PERSON names PERSON recorder of ALERT",
        "Who writes down what happens in a major incident.",
        "wang names guard recorder of B2-07",
        deeds.names,
        second=True,
    ),
    Verb(
        "signs",
        "PERSON signs on|off SEAT [token=]",
        "Coming on duty, leaving; `token` is the code of a tag at the post.",
        "li signs on centre",
        deeds.signs,
        second=True,
    ),
    Verb(
        "reports",
        "PERSON reports KIND zone= [note=] [caller=]",
        "Somebody raises what they saw or were told: " + ", ".join(REPORTS) + ".",
        'wang reports manual.resident_call zone=b7 note="lift stuck"',
        deeds.reports,
        second=True,
    ),
    Verb(
        "gateway",
        "gateway GATEWAY offline|online|restarts",
        "Its link is cut (it goes on collecting), comes back; or its power.",
        "gateway gw-a offline",
        deeds.gateway,
    ),
    Verb(
        "device",
        "device DEVICE falls silent|speaks",
        "Life signs end, or begin again.",
        "device B2-07 falls silent",
        deeds.device,
    ),
    Verb("server", "server stops|starts|restarts", "The server is killed; started.", "server restarts", deeds.server),
    Verb(
        "broker",
        "broker restarts|forgets",
        "What was on its way comes again; `forgets`: it comes back empty.",
        "broker restarts",
        deeds.broker,
    ),
    Verb("channel", "channel CHANNEL fails|works", "E-mail, webhook or apprise.", "channel email fails", deeds.channel),
    Verb(
        "garbage", 'garbage on GATEWAY "TEXT"', "Bytes that are no event.", 'garbage on gw-a "{not json"', deeds.garbage
    ),
    *DUTY,
)
FIRST: Final = {verb.key: verb for verb in VERBS if verb.key and not verb.second}
SECOND: Final = {verb.key: verb for verb in VERBS if verb.second}
