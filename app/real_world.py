"""A scenario in the real world: running processes, a real broker, real gateways, on a clock that this world conducts.

At full speed (`speed` None) the clock stands, and leaps to whatever comes next once nothing is owed any more: the times are
exactly those of a virtual run. At a speed of N it runs, and what happens may be late by `slack_s`.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from alerts.errors import NoSuchAlert
from api.errors import Unavailable
from app.conducted import Conductor
from app.real import people, voice
from app.real.eye import Eye
from app.real.life import Life, Line, heartbeat
from app.real.processes import Broken, Edge, Server, environment, until
from app.real.shores import HOST, Door, Hook, Loop, Mailbox, Wire
from core.clock import rfc3339, seconds
from core.ids import fresh
from ingest.credentials import Gateway as Credentials
from ingest.credentials import gateway_password, server_password
from ingest.tables import event as event_table
from simulators.scenario import model
from simulators.scenario.model import Act, Happening, Scenario, Snapshot, Story
from simulators.scenario.story import find_alert, snapshot, story_of
from sites.register import Register

SLACK_S: Final = 2.0  # what an escalation may be late by, whatever the speed
LATENESS_S: Final = 0.4  # real seconds from a moment to what is done about it


class RealWorld:
    """Implements `simulators.scenario.world.World`. `folder`: an empty one to keep everything in; else a passing one."""

    def __init__(self, scenario: Scenario, speed: float | None = None, folder: Path | None = None) -> None:
        self.slack_s = 0.0 if speed is None else SLACK_S + LATENESS_S * speed
        self._began = time.perf_counter()
        self._scenario = scenario
        self._speed = speed
        self._site = scenario.register.site_id
        self._life = Life(scenario)
        self._voices: dict[str, tuple[str, int]] = {}
        self._signs: dict[str, datetime] = {}  # when each linked gateway gives its next life sign
        self._away: set[str] = set()  # gateways that were told to be offline
        self._spoilt: set[str] = (
            set()
        )  # gateways whose numbers somebody else has used: receipts may stay away from them
        self._leaving = ExitStack()
        try:
            self._open(folder)
        except BaseException:
            self.close()
            raise

    def _open(self, folder: Path | None) -> None:
        leaving, scenario = self._leaving, self._scenario
        passing = Path(tempfile.mkdtemp(prefix="watchroom-"))  # short: the path of a socket may not be long
        leaving.callback(shutil.rmtree, passing, ignore_errors=True)
        data = folder or passing / "data"
        data.mkdir(parents=True, exist_ok=True)
        self._clock = Conductor(passing / "clock", scenario.start)
        leaving.callback(self._clock.close)
        self._loop = Loop()
        leaving.callback(self._loop.close)
        self._mail, self._hooks = Mailbox(), {"webhook": Hook(), "apprise": Hook()}
        for door in (self._mail, *self._hooks.values()):
            self._loop.call(door.listen())
            leaving.callback(self._shut, door)
        ports = {name: hook.port for name, hook in self._hooks.items()}
        self._register = people.kept_inside(
            scenario.register, f"http://{HOST}:{ports['webhook']}/", f"json://{HOST}:{ports['apprise']}/"
        )
        self._secret = people.secret_of(data)
        plain = environment(self._clock.path)
        env = environment(
            self._clock.path,
            smtp_host=HOST,
            smtp_port=self._mail.port,
            allow_private_targets=True,
            log_level="WARNING",
        )
        self._server = Server(data, env)
        self._wires: dict[str, Wire] = {}
        self._edges: dict[str, Edge] = {}
        for gateway in self._register.gateways.values():
            wire = self._wires[gateway.id] = Wire(lambda: self._server.broker_port)
            self._loop.call(wire.listen())
            leaving.callback(self._shut, wire)
            who, spools = self._credentials(gateway.id), data / "gateways"
            spools.mkdir(exist_ok=True)
            intake = passing / f"{len(self._edges)}.sock"
            edge = self._edges[gateway.id] = Edge(self._site, gateway, who.password, wire.port, spools, intake, plain)
            leaving.callback(edge.kill)
            edge.start()
        self._keys = people.prepare(scenario, self._register, data)
        leaving.callback(self._server.kill)
        self._server.start()
        self._eye = Eye(people.database(data), self._site)
        leaving.callback(self._eye.close)
        self._serve()
        if self._speed is not None:
            self._clock.run(self._speed)

    def _shut(self, door: Door) -> None:
        self._loop.call(door.close())

    # -- time

    def pass_to(self, at: datetime) -> None:
        """Let time go by until `at`; whatever falls due on the way happens when it is due, at `at` too."""
        while True:
            now = self._clock.now()
            goal = self._next(now, at)
            if self._speed is None:
                if goal > now:
                    self._clock.leap(goal)
            else:
                time.sleep(self._clock.real_wait(goal))
            self._settle(goal)
            self._await_signs(goal)
            self._speak(self._life.take(goal))
            if goal >= at:
                return

    def _next(self, now: datetime, at: datetime) -> datetime:
        """The next moment at which anything happens by itself, `at` at the latest."""
        moments = [at, self._life.due()]
        if self._speed is None:
            moments += self._signs.values()
            if self._server.up:
                moments.append(self._eye.next_due())
        return min(m for m in moments if m is not None and (m > now or m == at))

    def _settle(self, at: datetime | None = None) -> None:
        """Wait until nothing is owed any more at `at` (else: now)."""
        if not self._server.up:
            return
        moment = at or self._clock.now()
        owed = self._eye.owed(moment)

        def settled() -> bool:
            nonlocal owed
            if not self._server.alive():
                raise Broken(f"the server ended by itself\n{self._server.last_words()}")
            if owed and self._eye.stirred():
                owed = self._eye.owed(moment)
            return not owed

        until(settled, lambda: f"{owed}\n{self._server.last_words()}")

    def _await_signs(self, at: datetime) -> None:
        """Life signs that gateways owe by `at` are heard before time goes on."""
        due = [edge for edge in self._edges.values() if edge.id in self._signs and self._signs[edge.id] <= at]
        if due and self._speed is None:
            self._await_online(due, at)

    # -- what is done

    def do(self, act: Act) -> Happening | None:
        """Do it now and wait until it is committed. A refusal by the product is a happening."""
        refusal: Happening | None = None
        match act:
            case model.Says():
                self._says(act)
            case model.Scans():
                self._says(_tapped(act, self._register))
            case model.Garbage():
                self._garble(act)
            case model.Gateway():
                self._gateway(self._edges[act.gateway], act.what)
            case model.Device():
                self._device(act)
            case model.Server():
                self._serving(act.what)
            case model.Broker():
                self._broker(forget=act.what == "forgets")
            case model.Channel():
                self._channel(act)
            case _:
                refusal = self._person(act)
        self._settle()
        return refusal

    # -- devices

    def _says(self, act: model.Says) -> None:
        if act.boot or act.seq is not None or act.id or act.retained or act.again or act.history:
            self._raw(act)
            return
        line: dict[str, Any] = {"device": act.device, "kind": act.kind, "data": dict(act.data)}
        if act.said_at is not None:
            line["said_at"] = rfc3339(act.said_at)
        if act.test:
            line["test"] = True
        if act.gateway is not None:
            line["gateway"] = act.gateway
        now = self._clock.now()
        for n in range(1, act.times):
            self._life.later(now + timedelta(seconds=n * act.within_s / (act.times - 1)), line)
        self._speak([line, *self._life.take(now)])

    def _speak(self, lines: Sequence[Line]) -> None:
        """Say lines through their gateways; those that have a link are heard by the server before this returns."""
        by_gateway: dict[str, list[dict[str, Any]]] = {}
        awaited: list[str] = []
        for one in lines:
            line = dict(one)
            gateway = line.pop("gateway", None) or self._gateway_of(line["device"])
            if "kind" in line:
                line["id"] = fresh(self._clock.now())
                if gateway in self._signs:
                    awaited.append(line["id"])
            by_gateway.setdefault(gateway, []).append(line)
        for gateway, said in by_gateway.items():
            self._edges[gateway].say(said)
        if awaited:
            self._await_events(awaited)
            self._settle()

    def _await_events(self, ids: Iterable[str]) -> None:
        missing = set(ids)

        def heard() -> bool:
            nonlocal missing
            if self._eye.stirred():
                missing = self._eye.missing(missing)
            return not missing

        missing = self._eye.missing(missing)
        until(heard, lambda: f"{len(missing)} events are heard\n{self._server.last_words()}")

    def _gateway_of(self, device: str) -> str:
        found = self._register.devices.get(device)
        return found.gateway if found is not None else next(iter(self._register.gateways))

    def _device(self, act: model.Device) -> None:
        if act.what == "falls_silent":
            self._life.hush(act.device)
        else:
            self._life.wake(act.device)
            self._speak([heartbeat(act.device)])

    # -- past the gateways

    def _raw(self, act: model.Says) -> None:
        gateway = act.gateway or self._gateway_of(act.device)
        payload = self._newest(act) if act.again else self._event(act, gateway)
        if payload is not None:
            self._shout(gateway, payload, retained=act.retained)

    def _event(self, act: model.Says, gateway: str) -> bytes:
        now = self._clock.now()
        boot, seq = act.boot, act.seq
        if boot is None and seq is not None:
            boot = str(self._edges[gateway].status()["boot"])
            self._spoilt.add(gateway)
        if seq is None:
            key = boot or gateway
            voice_boot, last = self._voices.get(key, (boot or fresh(now), 0))
            boot, seq = voice_boot, last + 1
            self._voices[key] = (boot, seq)
        return voice.written(
            {
                "id": act.id or fresh(now),
                "boot": boot,
                "seq": seq,
                "device": act.device,
                "kind": act.kind,
                "said_at": rfc3339(act.said_at or now),
                "data": dict(act.data) or None,
                "test": act.test or None,
                "history": act.history or None,
            }
        )

    def _newest(self, act: model.Says) -> bytes | None:
        """The bytes of what this device said last of this kind."""
        e = event_table.c
        with self._eye.rows.read() as conn:
            query = event_table.select().where(e.site_id == self._site, e.device_id == act.device, e.kind == act.kind)
            row = conn.execute(query.order_by(e.heard_at.desc(), e.seq.desc()).limit(1)).one_or_none()
        return None if row is None else bytes(row.raw)

    def _garble(self, act: model.Garbage) -> None:
        before = self._eye.rejects()
        self._shout(act.gateway, act.payload.encode(), retained=False)
        until(lambda: self._eye.rejects() > before or not self._server.up, lambda: "the garbage is set aside")

    def _shout(self, gateway: str, payload: bytes, *, retained: bool) -> None:
        if not self._server.up:
            return  # its broker is away, and nobody keeps this
        self._quiet([self._edges[gateway]])
        password = server_password(self._secret) if retained else None
        self._loop.call(voice.shout(self._server.broker_port, self._credentials(gateway), payload, password))
        if retained:
            self._await_ingest()

    def _credentials(self, gateway: str) -> Credentials:
        version = self._register.gateways[gateway].key_version
        return Credentials(self._site, gateway, gateway_password(self._secret, self._site, gateway, version))

    # -- people

    def _person(self, act: Any) -> Happening | None:
        person, about = act.person, _about(act)
        if not self._server.up:
            return self._refused(about, Unavailable.code, person)
        body: dict[str, Any]
        match act:
            case model.SignsOn() | model.SignsOff():
                path = "duty/sign-on" if isinstance(act, model.SignsOn) else "duty/sign-off"
                body = {"seat": act.seat, "password": people.PASSWORD}
            case model.Reports():
                path, body = "reports", {"kind": act.kind, "zone": act.zone, "note": act.note, "caller": act.caller}
            case _:
                verb, body = _of_alert(act)
                try:
                    with self._eye.rows.read() as conn:
                        path = f"alerts/{find_alert(conn, self._site, act.alert).id}/{verb}"
                except NoSuchAlert as nothing:
                    return self._refused(about, nothing.code, person)
        status, answer = self._ask(person, path, body)
        return None if status < 400 else self._refused(about, str(answer["code"]), person)

    def _ask(self, person: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        token = self._keys.people.get(person, "")
        return self._server.ask("POST", f"/sites/{self._site}/{path}", token, body)

    def _refused(self, about: str, code: str, person: str) -> Happening:
        return Happening(self._clock.now(), "refused", (about,), code, (person,))

    # -- faults

    def _gateway(self, edge: Edge, what: str) -> None:
        if what == "offline":
            self._part([edge])
            self._away.add(edge.id)
        elif what == "online":
            self._away.discard(edge.id)
            self._join([edge])
        else:
            there = edge.id not in self._away
            self._part([edge])
            edge.kill()
            self._spoilt.discard(edge.id)
            self._loop.call(self._wires[edge.id].shut())
            edge.start()
            if there:
                self._join([edge])

    def _serving(self, what: str) -> None:
        if what in {"stops", "restarts"} and self._server.up:
            self._lose_broker(self._server.kill)
        if what in {"starts", "restarts"} and not self._server.up:
            self._server.start()
            self._serve()

    def _serve(self) -> None:
        """The server has just started: it does what is overdue, and then the gateways come."""
        self._await_ingest()
        self._settle()
        self._join(self._present())

    def _broker(self, *, forget: bool) -> None:
        if not self._server.up:
            return
        self._lose_broker(lambda: self._server.kill_broker(forget=forget))
        self._await_ingest()
        self._join(self._present())

    def _lose_broker(self, lose: Callable[[], None]) -> None:
        """The broker dies with nobody's last will said; no gateway comes back before it is called."""
        present = self._present()
        self._quiet(present)
        for edge in present:
            self._loop.call(self._wires[edge.id].hold())
        lose()
        for edge in present:
            self._await_loss(edge)

    def _channel(self, act: model.Channel) -> None:
        works = act.what == "works"
        if act.channel == "email":
            self._mail.works = works
        else:
            self._hooks[act.channel].works = works

    # -- links

    def _present(self) -> list[Edge]:
        return [edge for edge in self._edges.values() if edge.id not in self._away]

    def _join(self, edges: Sequence[Edge]) -> None:
        """Let gateways have their link; they are heard before this returns."""
        if not self._server.up:
            return
        now = self._clock.now()
        for edge in edges:
            self._loop.call(self._wires[edge.id].mend())
        for edge in edges:
            until(lambda edge=edge: bool(edge.status()["linked"]), lambda edge=edge: f"{edge.id} is linked")  # type: ignore[misc]
        self._await_online(edges, now)
        self._quiet(edges)

    def _await_online(self, edges: Sequence[Edge], since: datetime) -> None:
        """Until the server has heard a life sign of each that was given at `since` or later."""
        late: list[str] = []

        def heard() -> bool:
            states = self._eye.gateways()
            late[:] = [e.id for e in edges if not _is_online(states[e.id], since + timedelta(seconds=e.supervision_s))]
            return not late

        until(heard, lambda: f"{late} are heard to be online\n{self._server.last_words()}")
        for edge in edges:
            self._signs[edge.id] = since + seconds(edge.supervision_s / 3)

    def _part(self, edges: Sequence[Edge]) -> None:
        """Break links; the broker says the last will of each, and the server hears it."""
        linked = [edge for edge in edges if edge.id in self._signs]
        self._quiet(linked)
        for edge in linked:
            self._break(edge)
        if self._server.up and linked:

            def heard() -> bool:
                states = self._eye.gateways()
                return all(states[edge.id]["state"] == "offline" for edge in linked)

            until(heard, lambda: "the server hears that gateways are offline")

    def _break(self, edge: Edge) -> None:
        self._loop.call(self._wires[edge.id].shut())
        self._await_loss(edge)

    def _await_loss(self, edge: Edge) -> None:
        self._signs.pop(edge.id, None)
        until(lambda: not edge.status()["linked"], lambda: f"{edge.id} has lost its link")

    def _quiet(self, edges: Sequence[Edge]) -> None:
        """Until receipts have covered everything that these gateways hold."""
        for edge in edges:
            if edge.id in self._signs and edge.id not in self._spoilt:
                until(lambda edge=edge: edge.status()["spooled"] == 0, lambda edge=edge: f"{edge.id} has its receipts")  # type: ignore[misc]

    def _await_ingest(self) -> None:
        """Until the server is subscribed at its broker."""

        def subscribed() -> bool:
            _, answer = self._server.ask("GET", "/health/roles", self._keys.admin)
            return any(role["name"] == "ingest" and role["ok"] for role in answer["roles"])

        until(subscribed, lambda: f"the server is subscribed\n{self._server.last_words()}")

    # -- what came of it

    def look(self) -> Snapshot:
        """How things stand now."""
        with self._eye.rows.read() as conn:
            return snapshot(conn, self._register, self._clock.now())

    def so_far(self) -> Story:
        """Everything that has happened until now."""
        with self._eye.rows.read() as conn:
            return story_of(conn, self._scenario, self._clock.now(), time.perf_counter() - self._began)

    def end(self) -> Story:
        """Stop everything in good order and tell what happened."""
        self._settle()
        linked = [edge for edge in self._edges.values() if edge.id in self._signs]
        for edge in linked:
            edge.leave()
        for edge in linked:
            edge.stop()
        self._server.stop()
        return self.so_far()

    def close(self) -> None:
        """Leave no process, and no folder but one that was asked for."""
        self._leaving.close()


def _is_online(state: dict[str, Any], due_at: datetime) -> bool:
    return state["state"] == "online" and not state["silent"] and state["due_at"] >= due_at


def _about(act: Any) -> str:
    match act:
        case model.SignsOn() | model.SignsOff():
            return str(act.seat)
        case model.Reports():
            return f"zone/{act.zone}"
    return str(act.alert)


def _of_alert(act: Act) -> tuple[str, dict[str, Any]]:
    """What is posted where for an act on an alert."""
    match act:
        case model.Acknowledges():
            return "ack", {"override": act.override, "reason": act.reason}
        case model.Releases():
            return "release", {"reason": act.reason}
        case model.Resets():
            return "reset", {}
        case model.Notes():
            return "note", {"text": act.text}
        case model.Closes():
            told = {"disposition": act.disposition, "cause": act.cause, "note": act.note, "reason": act.reason}
            return "dispose", told
    raise TypeError(f"no act of a person on an alert: {act!r}")


def _tapped(act: model.Scans, register: Register) -> model.Says:
    """What the site's handset says when a guard holds it to a tag."""
    point = register.checkpoints.get(act.checkpoint)
    tag = act.tag or (point.tags[0] if point is not None and point.tags else act.checkpoint)
    handset = next((d.id for d in register.devices.values() if d.model == "handheld"), "")
    data = {"tag": tag, "guard": act.person, "proof": act.proof}
    return model.Says(handset, "patrol.tap", data, said_at=act.said_at)
