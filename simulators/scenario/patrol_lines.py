"""The forms of the lines of `when` about patrol."""

from typing import Final

from simulators.scenario import patrol_deeds as deeds
from simulators.scenario.verbs import Verb

PATROL: Final = (
    Verb(
        "scan",
        "scan PERSON CHECKPOINT [synced] [said_at=] [tag=] [proof=] [counter=] [handset=]",
        "A guard taps a patrol point; `synced` when the phone had no line then and tells of it now, with `said_at`.",
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
