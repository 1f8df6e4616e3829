"""`World` over a virtual house: what a scenario's lines do to it, and the story that comes of it."""

import time
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import msgspec

from core import wire
from core.errors import Refusal
from gateway.fact import Fact
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
from simulators.scenario.patrol_acts import handset_says
from simulators.scenario.story import snapshot, story_of
from simulators.virtual import people
from simulators.virtual.house import House
from simulators.virtual.life import BEAT, life
from simulators.virtual.people import Deed
from simulators.virtual.server import Shores

UNAVAILABLE: Final = "unavailable"  # what whoever asks a stopped server is told


class VirtualWorld:
    """Plays one scenario."""

    def __init__(self, scenario: Scenario, shores: Shores) -> None:
        self._began = time.perf_counter()
        self.scenario = scenario
        self.house = House(
            scenario.register,
            scenario.start,
            shores,
            seed=scenario.seed,
            signed_on=scenario.signed_on,
            published=scenario.published,
            elsewhere=scenario.elsewhere,
            life=life(scenario.life, scenario.register, scenario.start, scenario.seed),
        )
        self._said: dict[tuple[str, str], bytes] = {}
        self._voices: dict[str, tuple[str, int]] = {}  # who else speaks on a gateway's topic: its boot, and how often

    # -- World

    def pass_to(self, at: datetime) -> None:
        """Let time go by until `at`."""
        self.house.pass_to(at)

    def do(self, act: Act) -> Happening | None:
        """Do it now. A refusal is a happening."""
        if isinstance(act, Deed):
            return self._deed(act)
        match act:
            case Says():
                self._says(act)
            case Scans():
                self._say_once(handset_says(self.scenario.register, act))
            case Garbage():
                gateway = self.house.gateways[act.gateway]
                self.house.at_once(partial(gateway.bypass, act.payload.encode()))
            case Gateway():
                self._gateway(act)
            case Device():
                self._device(act)
            case Server():
                self._server(act)
            case Broker():
                self.house.restart_broker(forget=act.what == "forgets")
                self.house.settle()
            case Channel():
                change = self.house.failing.union if act.what == "fails" else self.house.failing.difference
                self.house.fail(frozenset(change({act.channel})))
            case _:
                raise TypeError(f"nobody knows how to do {type(act).__name__}")
        return None

    def look(self) -> Snapshot:
        """How things stand now."""
        with self.house.store.read() as conn:
            return snapshot(conn, self.scenario.register, self.house.clock.at)

    def so_far(self) -> Story:
        """Everything that has happened until now."""
        house = self.house
        if house.server is not None:
            house.at_once(lambda: None)
        with house.store.read() as conn:
            return story_of(conn, self.scenario, house.clock.at, time.perf_counter() - self._began)

    def end(self) -> Story:
        """Tell what happened."""
        return self.so_far()

    def close(self) -> None:
        """Give everything back."""
        self.house.close()

    # -- people

    def _deed(self, deed: Deed) -> Happening | None:
        house, server = self.house, self.house.server
        if server is None:
            return self._refused(deed, UNAVAILABLE)
        refusal: list[Refusal] = []

        def act() -> None:
            try:
                with server.act() as (tx, desk):
                    people.do(tx, desk, deed, server.now(), house.shores, server.key)
            except Refusal as wrong:
                refusal.append(wrong)

        house.at_once(act)
        return self._refused(deed, refusal[0].code) if refusal else None

    def _refused(self, deed: Deed, code: str) -> Happening:
        return Happening(self.house.clock.at, "refused", (people.about(deed),), code, (deed.person,))

    # -- devices

    def _says(self, act: Says) -> None:
        step = timedelta(seconds=act.within_s / (act.times - 1)) if act.times > 1 else timedelta(0)
        for n in range(act.times):
            if n and step:
                self.house.later(self.house.clock.at + n * step, partial(self._say_once, act))
            else:
                self._say_once(act)

    def _say_once(self, act: Says) -> None:
        gateway = act.gateway or self._gateway_of(act.device)
        if act.again or act.retained or act.history or act.boot or act.seq or act.id:
            self.house.at_once(
                partial(self.house.gateways[gateway].bypass, self._raw(act, gateway), retained=act.retained)
            )
            return
        at = self.house.clock.at
        data = msgspec.json.encode(dict(act.data))
        made = Fact(self.house.fresh(), act.device, act.kind, act.said_at or at, data, act.test)
        self._said[act.device, act.kind] = self.house.say(made, gateway).raw

    def _raw(self, act: Says, gateway: str) -> bytes:
        """The bytes of what goes past the gateway's spool."""
        if act.again:
            try:
                return self._said[act.device, act.kind]
            except KeyError:
                raise ValueError(f"{act.device} has not said {act.kind} yet: there is nothing to say again") from None
        boot, seq = self._position(act, gateway)
        event = wire.Event(
            act.id or self.house.fresh(),
            boot,
            seq,
            act.device,
            act.kind,
            act.said_at or self.house.clock.at,
            dict(act.data),
            act.test,
            act.history,
        )
        raw = self._said[act.device, act.kind] = wire.encode(event)
        return raw

    def _position(self, act: Says, gateway: str) -> tuple[str, int]:
        """Where an event that bypasses the spool stands: as it is told, else where a second voice is."""
        if act.boot is not None:
            return act.boot, act.seq or 1
        if act.seq is not None:
            return self.house.gateways[gateway].boot, act.seq
        boot, count = self._voices.get(gateway) or (self.house.fresh(), 0)
        self._voices[gateway] = (boot, count + 1)
        return boot, count + 1

    def _gateway_of(self, device: str) -> str:
        known = self.scenario.register.devices.get(device)
        if known is not None:
            return known.gateway
        return next(iter(self.scenario.register.gateways))

    # -- faults

    def _gateway(self, act: Gateway) -> None:
        gateway = self.house.gateways[act.gateway]

        def turn() -> None:
            if act.what == "online":
                gateway.cut = False
                gateway.link()
            else:
                gateway.break_off(will=True)
                if act.what == "restarts":
                    gateway.start()
                else:
                    gateway.cut = True

        self.house.at_once(turn)

    def _device(self, act: Device) -> None:
        if act.what == "falls_silent":
            self.house.silent.add(act.device)
        elif act.device in self.house.silent:
            self.house.silent.discard(act.device)
            beat = Fact(self.house.fresh(), act.device, BEAT, self.house.clock.at)
            self.house.say(beat, self._gateway_of(act.device))

    def _server(self, act: Server) -> None:
        if act.what in {"stops", "restarts"}:
            self.house.stop_server()
        if act.what in {"starts", "restarts"}:
            self.house.start_server()
            self.house.settle()
