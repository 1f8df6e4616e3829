"""The words that a scenario's lines may use: the names of its site, and the product's own."""

import re
from collections.abc import Collection
from functools import cached_property
from typing import Final

import alerts.errors
import core.errors
import duty.errors
import duty.handover_errors
import duty.mandate_errors
import duty.mode_errors
import duty.presence_errors
import duty.request_errors
import logbook.errors
import patrol.errors
from alerts.rules import Cause, Disposition, State
from core.kinds import KINDS
from core.wire import Why
from patrol.rules import Proof
from simulators.scenario.errors import Wrong
from simulators.scenario.times import Clock
from simulators.scenario.tokens import Token, Words
from sites.fields import quoted, unknown
from sites.register import CHANNELS, Register

DISPOSITIONS: Final = tuple(d.value for d in Disposition)
CAUSES: Final = tuple(c.value for c in Cause)
PROOFS: Final = tuple(p.value for p in Proof)
STATES: Final = tuple(s.value for s in State)
REPORTS: Final = ("manual.report", "manual.resident_call", "manual.panic")
WHYS: Final = tuple(w.value for w in Why)
_ERRORS: Final = (
    alerts.errors,
    core.errors,
    duty.errors,
    duty.handover_errors,
    duty.mandate_errors,
    duty.mode_errors,
    duty.presence_errors,
    duty.request_errors,
    logbook.errors,
    patrol.errors,
)
CODES: Final = tuple(
    sorted(
        {
            "unavailable",  # the server is down
            *(
                found.code
                for module in _ERRORS
                for found in vars(module).values()
                if isinstance(found, type) and issubclass(found, core.errors.Refusal)
            ),
        }
    )
)

_KIND: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")
_OURS: Final = re.compile(
    r"roster/20[0-9]{2}-(0[1-9]|1[0-2])|coverage/[^/]+/[0-9]{4}-[0-9]{2}-[0-9]{2}"
)  # subjects that are no thing of the site
_NUMBERED: Final = re.compile(r"(?:#|no\.)([1-9][0-9]{0,8})")


class Known:
    """Everything that a line may name."""

    def __init__(self, register: Register, clock: Clock) -> None:
        self.register, self.clock = register, clock

    @cached_property
    def kinds(self) -> Collection[str]:
        return {*KINDS, *self.register.policies.kinds}

    @cached_property
    def subjects(self) -> Collection[str]:
        """What an alert may be about."""
        r = self.register
        return {
            *r.devices,
            *(f"gateway/{g}" for g in r.gateways),
            *(f"seat/{s}" for s in r.seats),
            *(f"zone/{z}" for z in r.zones),
            *(f"round/{name}" for name in r.patrol_routes),
            *(f"checkpoint/{c}" for c in r.checkpoints),
            *(f"violation/{c}" for c in r.checkpoints),
            *(f"violation/{s.checkpoint}/{t.id}" for p in r.patrol_routes.values() for s in p.stops for t in s.tasks),
            *(f"equipment/{t}" for t in r.equipment_tests),
            *(f"person/{p}" for p in r.people),
            *(f"tag/{tag}" for c in r.checkpoints.values() for tag in c.tags),
            "logbook",
        }

    @cached_property
    def callable(self) -> Collection[str]:
        """Who may be called or do something."""
        return {*self.register.people, *(f"external/{e.id}" for e in self.register.externals), "nobody", "system"}

    @cached_property
    def channels(self) -> Collection[str]:
        return [c for c in CHANNELS if c != "console"]

    def kind(self, token: Token) -> str:
        """An event kind; one that nobody has ever heard of stands in quotes."""
        if token.literal:
            if not _KIND.fullmatch(token.text) or len(token.text) > 64:
                raise Wrong(f"{quoted(token.text)} is not a kind (family.what)")
        elif token.text not in self.kinds:
            raise Wrong(unknown("kind", token.text, self.kinds))
        return token.text

    def is_kind(self, token: Token) -> bool:
        """Whether a word in the place of an alert's subject or kind is a kind."""
        plain = _KIND.fullmatch(token.text) is not None and not self.is_subject(token.text)
        return plain and (token.literal or _NUMBERED.fullmatch(token.text) is None)

    def alert(self, words: Words) -> tuple[str, ...]:
        """SUBJECT, SUBJECT/KIND, no.3 or alert 3: as (subject,), (subject, kind) or ("#3",)."""
        if words.peek() == "alert" and words.peek(1).isdecimal():
            words.skip("alert")
            number = words.take("alert").text
            return (f"#{int(number)}",)
        token = words.take("alert")
        if not token.literal and (found := _NUMBERED.fullmatch(token.text)) is not None:
            return (f"#{found[1]}",)
        return self.subject(token)

    def subject(self, token: Token) -> tuple[str, ...]:
        """SUBJECT or SUBJECT/KIND. A gateway, seat or zone may be named alone when no device is called the same."""
        if token.literal:
            return (token.text,)
        if (whole := self._whole(token.text)) is not None:
            return (whole,)
        subject, _, kind = token.text.rpartition("/")
        if "." in kind and (whole := self._whole(subject)) is not None:
            return (whole, self.kind(Token(kind)))
        raise Wrong(unknown("device or other subject of an alert", token.text, self.subjects))

    def _whole(self, text: str) -> str | None:
        """A subject as the product writes it."""
        tries = (text, f"gateway/{text}", f"seat/{text}", f"zone/{text}", f"round/{text}", f"person/{text}")
        return next((t for t in tries if self.is_subject(t)), None)

    def is_subject(self, text: str) -> bool:
        """Whether an alert may be about this."""
        return text in self.subjects or _OURS.fullmatch(text) is not None
