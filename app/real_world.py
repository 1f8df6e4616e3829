"""A scenario in the real world: running processes, a real broker, real gateways, on a clock that this world conducts.

At full speed (`speed` None) the clock stands, and leaps to whatever comes next once nothing is owed any more: the times are
exactly those of a virtual run. At a speed of N it runs, and what happens may be late by `slack_s`.
"""

import heapq
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Final

import msgspec

from api.errors import Unavailable
from app.real import duty_requests, patrol_requests, tap_pages
from app.real.ground import Ground
from app.real.requests import request
from core import wire
from core.errors import Refusal
from core.ids import fresh
from gateway.fact import Fact, written
from simulators.scenario.duty_acts import DutyAct
from simulators.scenario.model import (
    Act,
    Broker,
    Channel,
    Device,
    Garbage,
    Gateway,
    Happening,
    Says,
    Scans,
    Scenario,
    Server,
    Snapshot,
    Story,
)
from simulators.scenario.patrol_acts import Opens, PatrolAct, Taps, handset_says
from simulators.scenario.story import find_alert, snapshot, story_of
from simulators.virtual.life import BEAT, Word, life
from simulators.virtual.people import Deed, about

SLACK_S: Final = 2.0  # what an escalation may be late by, whatever the speed
LATENESS_S: Final = 1.0  # real seconds from a moment to what is done about it, on a busy machine


class RealWorld:
    """Implements `simulators.scenario.world.World`. `folder`: an empty one to keep everything in; else a passing one."""

    def __init__(self, scenario: Scenario, speed: float | None = None, folder: Path | None = None) -> None:
        self.slack_s = 0.0 if speed is None else SLACK_S + LATENESS_S * speed
        self._began = time.perf_counter()
        self._scenario = scenario
        self._site = scenario.register.site_id
        self._life = life(scenario.life, scenario.register, scenario.start, scenario.seed)
        self._word = next(self._life, None)
        self._silent: set[str] = set()
        self._agenda: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = count()
        self._said: dict[tuple[str, str], bytes] = {}
        self._voices: dict[str, tuple[str, int]] = {}  # who else speaks on a gateway's topic: its boot, and how often
        self._standing = speed is None
        self._ground = Ground(scenario, folder)
        self._clock = self._ground.clock
        if speed is not None:
            self._clock.run(speed)

    # -- time

    def pass_to(self, at: datetime) -> None:
        """Let time go by until `at`; whatever falls due on the way happens when it is due, at `at` too."""
        while True:
            now = self._clock.now()
            goal = self._next(now, at)
            if not self._standing:
                time.sleep(self._clock.real_wait(goal))
            elif goal > now:
                self._clock.leap(goal)
            self._ground.settle(goal)
            if self._standing:
                self._ground.await_signs(goal)
            self._live(goal)
            if goal >= at:
                return

    def _next(self, now: datetime, at: datetime) -> datetime:
        """The next moment at which anything happens by itself, `at` at the latest."""
        moments = [at]
        if self._word is not None:
            moments.append(self._word.at)
        if self._agenda:
            moments.append(self._agenda[0][0])
        if self._standing:
            found = (self._ground.next_sign(), self._ground.eye.next_due() if self._ground.server.up else None)
            moments += [m for m in found if m is not None]
        return min(m for m in moments if m > now or m == at)

    def _later(self, at: datetime, deed: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (at, next(self._order), deed))

    # -- what is done

    def do(self, act: Act) -> Happening | None:
        """Do it now and wait until it is committed. A refusal by the product is a happening."""
        if isinstance(act, Deed):
            refusal = self._deed(act)
        else:
            refusal = None
            self._happens(act)
        self._ground.settle()
        return refusal

    def _happens(self, act: Act) -> None:
        ground = self._ground
        match act:
            case Says():
                self._says(act)
            case Scans():
                self._says(handset_says(self._scenario.register, act))
            case Garbage():
                ground.shout(act.gateway, act.payload.encode())
            case Gateway():
                turn = {"offline": ground.gateway_goes, "online": ground.gateway_comes}
                turn.get(act.what, ground.gateway_restarts)(act.gateway)
            case Device():
                self._device(act)
            case Server():
                if act.what in {"stops", "restarts"}:
                    ground.server_stops()
                if act.what in {"starts", "restarts"}:
                    ground.server_starts()
            case Broker():
                ground.broker_restarts(forget=act.what == "forgets")
            case Channel():
                ground.channels[act.channel].works = act.what == "works"
            case _:
                raise TypeError(f"nobody knows how to do {type(act).__name__}")

    def _deed(self, deed: Deed) -> Happening | None:
        ground = self._ground
        if not ground.server.up:
            return self._refused(deed, Unavailable.code)
        token = ground.keys.people.get(deed.person, "")
        if isinstance(deed, Opens) or (isinstance(deed, Taps) and deed.page):
            code = tap_pages.ask(ground.server.url_port, self._scenario.register, deed, token)
            return None if code is None else self._refused(deed, code)
        try:
            method, path, body = self._request(deed)
        except Refusal as wrong:
            return self._refused(deed, wrong.code)
        status, answer = ground.server.ask(method, f"/sites/{self._site}/{path}", token, body)
        return None if status < 400 else self._refused(deed, str(answer["code"]))

    def _request(self, deed: Deed) -> duty_requests.Request:
        if isinstance(deed, PatrolAct):
            with self._ground.eye.rows.read() as conn:
                return patrol_requests.request(deed, conn, self._scenario.register, self._clock.now())
        if isinstance(deed, DutyAct):
            with self._ground.eye.rows.read() as conn:
                return duty_requests.request(deed, conn, self._scenario.register)
        return "POST", *request(deed, self._alert_id)

    def _alert_id(self, name: str) -> str:
        with self._ground.eye.rows.read() as conn:
            return find_alert(conn, self._site, name).id

    def _refused(self, deed: Deed, code: str) -> Happening:
        return Happening(self._clock.now(), "refused", (about(deed),), code, (deed.person,))

    # -- devices

    def _says(self, act: Says) -> None:
        step = timedelta(seconds=act.within_s / (act.times - 1)) if act.times > 1 else timedelta(0)
        now = self._clock.now()
        for n in range(act.times):
            if n and step:
                self._later(now + n * step, partial(self._say_once, act))
            else:
                self._say_once(act)

    def _say_once(self, act: Says) -> None:
        gateway = act.gateway or self._gateway_of(act.device)
        if act.again or act.retained or act.history or act.boot or act.seq or act.id:
            self._ground.shout(gateway, self._raw(act, gateway), retained=act.retained)
            return
        now = self._clock.now()
        data = msgspec.json.encode(dict(act.data))
        self._utter([(gateway, Fact(fresh(now), act.device, act.kind, act.said_at or now, data, act.test))])

    def _live(self, at: datetime) -> None:
        """Everything that was still to be said by `at`, then what the devices say by themselves."""
        while self._agenda and self._agenda[0][0] <= at:
            heapq.heappop(self._agenda)[2]()
        facts: list[tuple[str, Fact]] = []
        while self._word is not None and self._word.at <= at:
            word, self._word = self._word, next(self._life, None)
            if word.device in self._silent:
                continue
            gateway = self._gateway_of(word.device)
            if word.metric:
                self._ground.say(gateway, [_sample(word)])
            else:
                said_at = word.said_at or word.at
                facts.append((gateway, Fact(fresh(at), word.device, word.kind, said_at, word.data, word.test)))
        self._utter(facts)

    def _utter(self, facts: Sequence[tuple[str, Fact]]) -> None:
        """Say facts through their gateways; what goes over a link is heard by the server before this returns."""
        if not facts:
            return
        by_gateway: dict[str, list[Fact]] = {}
        for gateway, fact in facts:
            by_gateway.setdefault(gateway, []).append(fact)
        for gateway, said in by_gateway.items():
            answers = self._ground.say(gateway, [_line(fact) for fact in said])
            for fact, answer in zip(said, answers, strict=True):
                self._said[fact.device, fact.kind] = written(fact, answer["boot"], answer["seq"], self._clock.now())
        self._ground.await_heard({gateway: [fact.id for fact in said] for gateway, said in by_gateway.items()})
        self._ground.settle()

    def _gateway_of(self, device: str) -> str:
        register = self._scenario.register
        found = register.devices.get(device)
        return found.gateway if found is not None else next(iter(register.gateways))

    def _device(self, act: Device) -> None:
        if act.what == "falls_silent":
            self._silent.add(act.device)
        elif act.device in self._silent:
            self._silent.discard(act.device)
            self._say_once(Says(act.device, BEAT))

    # -- past the gateways

    def _raw(self, act: Says, gateway: str) -> bytes:
        """The bytes of what goes past the gateway's spool."""
        if act.again:
            try:
                return self._said[act.device, act.kind]
            except KeyError:
                raise ValueError(f"{act.device} has not said {act.kind} yet: there is nothing to say again") from None
        now = self._clock.now()
        boot, seq = self._position(act, gateway)
        said = (act.device, act.kind, act.said_at or now, dict(act.data), act.test, act.history)
        raw = self._said[act.device, act.kind] = wire.encode(wire.Event(act.id or fresh(now), boot, seq, *said))
        return raw

    def _position(self, act: Says, gateway: str) -> tuple[str, int]:
        """Where an event that bypasses the spool stands: as it is told, else where a second voice is."""
        if act.boot is not None:
            return act.boot, act.seq or 1
        if act.seq is not None:
            return self._ground.boot(gateway), act.seq
        boot, spoken = self._voices.get(gateway) or (fresh(self._clock.now()), 0)
        self._voices[gateway] = (boot, spoken + 1)
        return boot, spoken + 1

    # -- what came of it

    def look(self) -> Snapshot:
        """How things stand now."""
        with self._ground.eye.rows.read() as conn:
            return snapshot(conn, self._scenario.register, self._clock.now())

    def so_far(self) -> Story:
        """Everything that has happened until now."""
        with self._ground.eye.rows.read() as conn:
            return story_of(conn, self._scenario, self._clock.now(), time.perf_counter() - self._began)

    def end(self) -> Story:
        """Stop everything in good order and tell what happened."""
        self._ground.stop()
        return self.so_far()

    def close(self) -> None:
        """Leave no process, and no folder but one that was asked for."""
        self._ground.close()


def _line(fact: Fact) -> bytes:
    """What an intake is told."""
    said = {"id": fact.id, "device": fact.device, "kind": fact.kind, "said_at": fact.said_at, "test": fact.test}
    return msgspec.json.encode(said | {"data": msgspec.Raw(fact.data or b"{}")})


def _sample(word: Word) -> bytes:
    said = {"device": word.device, "metric": word.metric, "value": word.value, "unit": word.unit}
    return msgspec.json.encode(said | {"said_at": word.said_at or word.at})
