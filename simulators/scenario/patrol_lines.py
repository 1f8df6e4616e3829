"""The forms of the lines of `when` about patrol."""

from typing import Final

from simulators.scenario import patrol_deeds as deeds
from simulators.scenario.verbs import Verb

PATROL: Final = (
    Verb(
        "scan",
        "scan PERSON CHECKPOINT [synced] [said_at=] [tag=] [proof=] [counter=] [handset=] [note=] [TASK=VALUE …]",
        "A guard taps a patrol point; `synced` when the phone had no line then and tells of it now, with `said_at`; with answers "
        "to the point's tasks.",
        "scan guard C1 synced said_at=22:01",
        deeds.scans,
    ),
    Verb(
        "scans",
        "PERSON scans CHECKPOINT …",
        "The same, the other way round.",
        "guard scans C1",
        deeds.scans,
        second=True,
    ),
    Verb(
        "taps",
        "PERSON taps CHECKPOINT on PHONE [kept] [edited] [forged] [page] [said_at=] [tag=] [counter=] [vouched=] [photos=] [note=] "
        "[TASK=VALUE …]",
        "The same by HTTP from a guard's own phone, with answers to the point's tasks; `kept` with `said_at` when it had no line, "
        "`edited` when its outbox was tampered with, `vouched` where nothing could be read; `counter`: the tag "
        "proves itself and says how often it was read, `forged` when somebody else says so in its name, `page` where "
        "the tag's address is opened and its button pressed; `photos`: how many it names.",
        "guard taps C1 on phone-1 kept said_at=22:01",
        deeds.taps,
        second=True,
    ),
    Verb(
        "opens",
        "PERSON opens CHECKPOINT counter= [tag=] [unsigned]",
        "The page of the address that a tag gave is fetched and nothing is pressed; `unsigned`: by no one who is signed in, as a "
        "messenger does for its preview.",
        "guard opens C1 counter=7 unsigned",
        deeds.opens,
        second=True,
    ),
    Verb(
        "hangs tag",
        "PERSON hangs tag UID at CHECKPOINT [proof=]",
        "A new tag; `proof=sun` when it proves itself.",
        "chen hangs tag 04A1B2C3D4E5F7 at C1 proof=sun",
        deeds.tags,
        second=True,
    ),
    Verb(
        "blocks tag",
        "PERSON blocks tag UID reason=",
        "It is lost: whoever has it proves nothing.",
        'chen blocks tag 04A1B2C3D4E5F6 reason="torn off"',
        deeds.tags,
        second=True,
    ),
    Verb(
        "restores tag",
        "PERSON restores tag UID reason=",
        "It was found again.",
        'chen restores tag 04A1B2C3D4E5F6 reason="found"',
        deeds.tags,
        second=True,
    ),
    Verb(
        "moves tag",
        "PERSON moves tag UID to CHECKPOINT reason=",
        "It hangs at another point from now on.",
        'chen moves tag 04A1B2C3D4E5F6 to C2 reason="rebuilt"',
        deeds.tags,
        second=True,
    ),
    Verb(
        "replaces tag",
        "PERSON replaces tag UID by UID reason=",
        "Another hangs in its place.",
        'chen replaces tag 04A1B2C3D4E5F6 by 04A1B2C3D4E5F9 reason="broken"',
        deeds.tags,
        second=True,
    ),
    Verb(
        "reports violation",
        "PERSON reports violation CHECKPOINT note=",
        "Somebody does what they may not.",
        'guard reports violation C1 note="builds a shed"',
        deeds.violates,
        second=True,
    ),
    Verb(
        "takes violation",
        "PERSON takes violation CHECKPOINT[/TASK] further note=",
        "This step was in vain: the next one begins.",
        'chen takes violation C1 further note="goes on building"',
        deeds.violates,
        second=True,
    ),
    Verb(
        "ends violation",
        "PERSON ends violation CHECKPOINT[/TASK] note=",
        "It is over.",
        'chen ends violation C1 note="torn down"',
        deeds.violates,
        second=True,
    ),
    Verb(
        "suspends",
        "PERSON suspends ROUTE reason=",
        "The round that is open, else the next one, is not to be walked.",
        'chen suspends night reason="storm"',
        deeds.rounds,
        second=True,
    ),
    Verb("resumes", "PERSON resumes ROUTE", "It is, after all.", "chen resumes night", deeds.rounds, second=True),
    Verb(
        "excuses",
        "PERSON excuses ROUTE [POINT …] reason=",
        "Why points were not walked; without points, all that were missed.",
        'chen excuses night C2 reason="flooded"',
        deeds.rounds,
        second=True,
    ),
)
