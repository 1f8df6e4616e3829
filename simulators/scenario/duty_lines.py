"""The forms of the lines of `when` about duty: hand-over, rosters, requests, presence, the log."""

from typing import Final

from simulators.scenario import duty_deeds as deeds
from simulators.scenario import presence_deeds as presence
from simulators.scenario.verbs import Parser, Verb
from sites.duty_words import DayType, Mode


def _does(key: str, rest: str, about: str, example: str, parse: Parser) -> Verb:
    """What a person does: the verb stands behind the name."""
    return Verb(key, f"PERSON {key} {rest}".strip(), about, example, parse, second=True)


RELIEF: Final = (
    _does("prepares", "SEAT", "Who holds a seat begins to hand it over.", "wang prepares centre", deeds.prepares),
    _does(
        "counts",
        "SEAT ITEM NUMBER [explanation=]",
        "The outgoing person counts what the seat's checklist names.",
        'wang counts centre radios 4 explanation="one is being repaired"',
        deeds.counts,
    ),
    _does(
        "checks",
        "SEAT ITEM fine|faulty [explanation=]",
        "They see to a line of the checklist.",
        "wang checks centre panel fine",
        deeds.checks,
    ),
    _does(
        "adds",
        'SEAT text|note|anomaly "TEXT"',
        "Something more is written into it; after the first signature, what the incoming person found.",
        'li adds centre anomaly "the door of the cabinet is dented"',
        deeds.adds,
    ),
    _does("offers", "SEAT", "The outgoing person signs.", "wang offers centre", deeds.prepares),
    _does(
        "confirms",
        "SEAT [ITEM] [comment=]",
        "The incoming person says that an item is so; without one, of all that are left.",
        "li confirms centre",
        deeds.confirms,
    ),
    _does(
        "disputes",
        'SEAT ITEM "TEXT"',
        "They say that it is not.",
        'li disputes centre radios "there are three"',
        deeds.says_of,
    ),
    _does(
        "explains",
        'SEAT ITEM "TEXT"',
        "The outgoing person answers what was found or is disputed.",
        'wang explains centre radios "one is being repaired"',
        deeds.says_of,
    ),
    _does(
        "resolves",
        'SEAT ITEM "TEXT"',
        "A supervisor decides a disputed item.",
        'chen resolves centre radios "counted again: four"',
        deeds.says_of,
    ),
    _does(
        "lifts",
        "SEAT reason=",
        "A manager lets it pass in spite of unfinished work.",
        'zhao lifts centre reason="the fire service has it"',
        deeds.lifts,
    ),
    Verb(
        "takes over",
        "PERSON takes over SEAT [version=]",
        "The incoming person signs: the seat is theirs.",
        "li takes over centre",
        deeds.takes,
        second=True,
    ),
    _does(
        "overrides",
        "SEAT to PERSON reason=",
        "A manager has the seat change hands without the signatures that are missing.",
        'zhao overrides centre to li reason="wang is unwell"',
        deeds.overrides,
    ),
    _does(
        "cancels",
        "SEAT reason=",
        "It ends without the seat changing hands.",
        'wang cancels centre reason="I stay"',
        deeds.lifts,
    ),
    _does(
        "lets",
        "PERSON leave SEAT reason=",
        "A manager lets somebody go who has not handed over.",
        'zhao lets wang leave centre reason="to hospital"',
        deeds.lets,
    ),
)
PLANS: Final = (
    _does("drafts", "MONTH", "The roster of a month is begun.", "chen drafts 2026-04", deeds.plans),
    _does(
        "fills",
        "MONTH from standing|last_month|ROTATION,…",
        "A draft is filled at once.",
        "chen fills 2026-04 from standing",
        deeds.fills,
    ),
    _does(
        "puts",
        "PERSON|nobody in SEAT SHIFT on DAY",
        "One shift of the draft of its month.",
        "chen puts li in centre night on 2026-04-03",
        deeds.puts,
    ),
    _does("submits", "MONTH", "The draft is handed in.", "chen submits 2026-04", deeds.plans),
    _does("approves", "MONTH", "Somebody else says yes to it.", "zhao approves 2026-04", deeds.plans),
    _does(
        "returns",
        "MONTH reason=",
        "They send it back.",
        'zhao returns 2026-04 reason="nobody on the third"',
        deeds.gives_up,
    ),
    _does("publishes", "MONTH", "It stands.", "chen publishes 2026-04", deeds.plans),
    _does(
        "withdraws",
        "MONTH reason= / PERSON withdraws SEAT",
        "A draft is given up; a signature under a hand-over is taken back.",
        "wang withdraws centre",
        deeds.gives_up,
    ),
    _does(
        "declares",
        f"DAY {'|'.join(d.value for d in DayType)} reason=",
        "What a day is at this site.",
        'zhao declares 2026-04-04 workday reason="moved by the owner"',
        deeds.declares,
    ),
    _does(
        "orders",
        f"{'|'.join(m.value for m in Mode)} reason=",
        "More people than usual, or everybody, from now on.",
        'chen orders all_hands reason="typhoon"',
        deeds.reinforces,
    ),
    _does("ends", "MODE reason=", "It is lifted.", 'chen ends all_hands reason="it has passed"', deeds.reinforces),
)
LOG: Final = (
    _does(
        "writes",
        '[FORM] ["TEXT"] [FIELD=VALUE …] [zone=] [alert=] [persons=] [happened_at=]',
        "An entry for the logbook; without a form, a note.",
        'wang writes status state=normal text="all quiet"',
        deeds.writes,
    ),
    _does(
        "corrects",
        'last|no.N [FORM] ["TEXT"] [FIELD=VALUE …] reason=',
        "What an entry should have said.",
        'wang corrects last "three radios" reason="counted again"',
        deeds.corrects,
    ),
    Verb(
        "signs day",
        "PERSON signs day DAY [comment=]",
        "A reviewer signs a day of the logbook.",
        'chen signs day 2026-02-28 comment="seen"',
        deeds.signs_day,
        second=True,
    ),
)
REQUESTS: Final = (
    _does(
        "asks leave",
        "from TIME until TIME reason= [stand_in=]",
        "Somebody asks to be away; the stand-in must agree.",
        'wang asks leave from 2026-03-05T20:00 until 2026-03-06T08:00 reason="wedding" stand_in=li',
        presence.asks_leave,
    ),
    _does(
        "asks swap",
        "SEAT SHIFT on DAY for SEAT SHIFT on DAY reason=",
        "My shift for yours.",
        'wang asks swap centre night on 2026-03-05 for centre day on 2026-03-07 reason="school"',
        presence.asks_swap,
    ),
    _does(
        "asks substitute",
        "PERSON for SEAT SHIFT on DAY reason=",
        "Somebody else is to take my shift.",
        'wang asks substitute li for centre night on 2026-03-05 reason="fever"',
        presence.asks_substitute,
    ),
    _does(
        "calls in",
        "PERSON for SEAT SHIFT on DAY reason= [override=]",
        "More people than the roster says: it stands at once.",
        'chen calls in guard for leader day on 2026-03-05 reason="storm"',
        presence.calls_in,
    ),
    _does(
        "agrees",
        "to PERSON",
        "The one who was asked says yes; of a call-in, that they know.",
        "li agrees to wang",
        presence.decides,
    ),
    _does(
        "grants",
        "PERSON [override=] [stand_in=] [answer=]",
        "Whoever decides lets it stand.",
        "chen grants wang",
        presence.decides,
    ),
    _does(
        "denies",
        "PERSON reason=",
        "They, or the one who was asked, say no.",
        'li denies wang reason="away"',
        presence.decides,
    ),
    _does("takes back", "", "One's own request, while nobody has decided.", "wang takes back", presence.takes_back),
)
PRESENCE: Final = (
    _does("calls", "SEAT", "Somebody above asks whether the holder is there.", "chen calls centre", presence.attends),
    _does("answers", "SEAT", "A presence check is answered.", "wang answers centre", presence.attends),
    _does(
        "leaves",
        "SEAT for SPAN reason= [stand_in=] [contact=]",
        "The post is left for a while.",
        'wang leaves centre for 20m reason="supper" stand_in=li',
        presence.leaves,
    ),
    _does("stands in", "at SEAT", "The stand-in takes it.", "li stands in at centre", presence.attends),
    _does(
        "declines", "SEAT [reason=]", "They do not; or the one who asked stays.", "li declines centre", presence.attends
    ),
    _does("returns to", "SEAT", "Back at the post.", "wang returns to centre", presence.attends),
    _does(
        "recalls",
        "SEAT within SPAN reason=",
        "Whoever is away from it is called back.",
        'chen recalls centre within 5m reason="alarm"',
        presence.recalls,
    ),
)
DUTY: Final = (*RELIEF, *PLANS, *REQUESTS, *PRESENCE, *LOG)
