"""What a real run stands on: the server, its broker, the gateways and the wires between them, and when all of them are done.

`settle` is the heart: time may go on only when nothing is owed at this instant any more, everything said has been heard, and
every life sign has come.
"""

import shutil
import tempfile
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from app.conducted import Conductor
from app.real import people, voice
from app.real.eye import Eye
from app.real.processes import Broken, Edge, Server, environment, until
from app.real.shores import HOST, Door, Hook, Loop, Mailbox, Wire
from core.clock import seconds
from ingest.credentials import Gateway as Credentials
from ingest.credentials import gateway_password, server_password
from simulators.scenario.model import Scenario


class Ground:
    """Begins with everything up, linked and settled at the scenario's start. `folder`: where what is kept stays."""

    def __init__(self, scenario: Scenario, folder: Path | None) -> None:
        self.site = scenario.register.site_id
        self._leaving = ExitStack()
        self._signs: dict[str, datetime] = {}  # when each gateway that has a link gives its next life sign
        self._away: set[str] = set()  # gateways that were told to be offline
        self._spoilt: set[str] = set()  # those whose numbers somebody else has used: receipts may stay away from them
        self._unheard: list[tuple[str, bytes, bool]] = []
        try:
            self._open(scenario, folder)
        except BaseException:
            self.close()
            raise

    def _open(self, scenario: Scenario, folder: Path | None) -> None:
        leaving = self._leaving
        passing = Path(tempfile.mkdtemp(prefix="watchroom-"))  # short: the path of a socket may not be long
        leaving.callback(shutil.rmtree, passing, ignore_errors=True)
        data = folder or passing / "data"
        (data / "gateways").mkdir(parents=True, exist_ok=True)
        self.clock = Conductor(passing / "clock", scenario.start)
        leaving.callback(self.clock.close)
        self._loop = Loop()
        leaving.callback(self._loop.close)
        self.channels: dict[str, Mailbox | Hook] = {"email": Mailbox(), "webhook": Hook(), "apprise": Hook()}
        ports = {name: self._listening(door) for name, door in self.channels.items()}
        self.register = people.kept_inside(
            scenario.register, f"http://{HOST}:{ports['webhook']}/", f"json://{HOST}:{ports['apprise']}/"
        )
        self._secret = people.secret_of(data)
        shared = {"smtp_host": HOST, "smtp_port": ports["email"], "allow_private_targets": True, "log_level": "WARNING"}
        self.server = Server(data, environment(self.clock.path, **shared))
        self._wires: dict[str, Wire] = {}
        self._edges: dict[str, Edge] = {}
        for gateway in self.register.gateways:
            self._add_edge(gateway, data / "gateways", passing)
        self.keys = people.prepare(scenario, self.register, data)
        leaving.callback(self.server.kill)
        self.server.start()
        self.eye = Eye(people.database(data), self.site)
        leaving.callback(self.eye.close)
        self._serve()

    def _add_edge(self, gateway: str, spools: Path, sockets: Path) -> None:
        wire = self._wires[gateway] = Wire(lambda: self.server.broker_port)
        edge = self._edges[gateway] = Edge(
            self.site,
            self.register.gateways[gateway],
            self._credentials(gateway).password,
            self._listening(wire),
            spools,
            sockets / f"{len(self._edges)}.sock",
            environment(self.clock.path),
        )
        self._leaving.callback(edge.kill)
        edge.start()

    def _listening(self, door: Door) -> int:
        port = self._loop.call(door.listen())
        self._leaving.callback(lambda: self._loop.call(door.close()))
        return port

    def _credentials(self, gateway: str) -> Credentials:
        version = self.register.gateways[gateway].key_version
        return Credentials(self.site, gateway, gateway_password(self._secret, self.site, gateway, version))

    # -- when time may go on

    def settle(self, at: datetime | None = None) -> None:
        """Wait until nothing is owed any more at `at` (else: now)."""
        if not self.server.up:
            return
        moment, owed = at or self.clock.now(), ""

        def settled() -> bool:
            nonlocal owed
            owed = self.eye.owed(moment)
            return not owed

        if not self.server.alive():
            raise Broken(self._trouble("the server ended by itself"))
        self.eye.until(settled, lambda: self._trouble(owed))

    def next_sign(self) -> datetime | None:
        """When the next gateway gives a life sign."""
        return min(self._signs.values(), default=None)

    def await_signs(self, at: datetime) -> None:
        """Life signs that gateways owe by `at` are heard before time goes on."""
        due = [edge for edge in self._linked(self._edges.values()) if self._signs[edge.id] <= at]
        if due:
            self._await_online(due, at)

    # -- what is said

    def say(self, gateway: str, lines: Sequence[bytes]) -> list[dict[str, Any]]:
        """Say lines to a gateway's intake; its answers come when they are safe there."""
        return self._edges[gateway].say(lines)

    def await_heard(self, by_gateway: dict[str, list[str]]) -> None:
        """Until the server has these events, as far as their gateways have a link."""
        missing = {one for gateway, ids in by_gateway.items() if gateway in self._signs for one in ids}

        def heard() -> bool:
            nonlocal missing
            missing = self.eye.missing(missing)
            return not missing

        if missing:
            self.eye.until(heard, lambda: self._trouble(f"{len(missing)} events"))

    def boot(self, gateway: str) -> str:
        """The boot of a gateway, for somebody else to use: from then on its receipts may stay away."""
        self._spoilt.add(gateway)
        return str(self._edges[gateway].status()["boot"])

    def shout(self, gateway: str, payload: bytes, *, retained: bool = False) -> None:
        """Past the spool; while the broker is away it waits, and is the first thing that the server then hears."""
        if not self.server.up:
            self._unheard.append((gateway, payload, retained))
            return
        self._quiet([self._edges[gateway]])
        rejects, password = self.eye.rejects(), server_password(self._secret) if retained else None
        self._loop.call(voice.shout(self.server.broker_port, self._credentials(gateway), payload, password))
        if voice.boot_of(payload) is None:
            self.eye.until(lambda: self.eye.rejects() > rejects, lambda: self._trouble("what cannot be understood"))
        if retained:
            self._await_ingest()

    # -- processes

    def gateway_goes(self, gateway: str) -> None:
        """Its link breaks; the broker says its last will, and the server hears it."""
        edge = self._edges[gateway]
        self._part(edge)
        self._away.add(gateway)

    def gateway_comes(self, gateway: str) -> None:
        """Its link is whole again."""
        self._away.discard(gateway)
        self._join([self._edges[gateway]])

    def gateway_restarts(self, gateway: str) -> None:
        """Killed, and started again on its spool."""
        edge = self._edges[gateway]
        self._part(edge)
        edge.kill()
        self._spoilt.discard(gateway)
        self._loop.call(self._wires[gateway].shut())  # what the dead process began must not come through later
        edge.start()
        if gateway not in self._away:
            self._join([edge])

    def server_stops(self) -> None:
        """Killed, and its broker with it."""
        if self.server.up:
            self._lose_broker(self.server.kill)

    def server_starts(self) -> None:
        """Started on what it kept."""
        if not self.server.up:
            self.server.start()
            self._serve()

    def broker_restarts(self, *, forget: bool) -> None:
        """Killed; the server starts it again."""
        if self.server.up:
            self._lose_broker(partial(self.server.kill_broker, forget=forget))
            self._await_ingest()
            self._join(self._present())

    def stop(self) -> None:
        """Everything in good order: the gateways that can say goodbye, then the server."""
        self.settle()
        linked = self._linked(self._edges.values())
        for edge in linked:
            edge.leave()
        for edge in linked:
            edge.stop()
        self.server.stop()

    def close(self) -> None:
        """Leave no process, and no folder but one that was asked for."""
        self._leaving.close()

    def _serve(self) -> None:
        """The server has just started: it does what is overdue, and then the gateways come."""
        self._await_ingest()
        self.settle()
        unheard, self._unheard = self._unheard, []
        for gateway, payload, retained in unheard:
            self.shout(gateway, payload, retained=retained)
        self.settle()
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

    # -- links

    def _present(self) -> list[Edge]:
        return [edge for edge in self._edges.values() if edge.id not in self._away]

    def _linked(self, edges: Collection[Edge]) -> list[Edge]:
        return [edge for edge in edges if edge.id in self._signs]

    def _join(self, edges: Sequence[Edge]) -> None:
        """Let gateways have their link; they are heard before this returns."""
        if not self.server.up:
            return
        now = self.clock.now()
        for edge in edges:
            self._loop.call(self._wires[edge.id].mend())
        for edge in edges:
            until(partial(_is_linked, edge), lambda: self._trouble("a gateway's link"))
        self._await_online(edges, now)
        self._quiet(edges)

    def _part(self, edge: Edge) -> None:
        if edge.id not in self._signs:
            return
        self._quiet([edge])
        self._loop.call(self._wires[edge.id].shut())
        self._await_loss(edge)
        self.eye.until(lambda: self.eye.gateways()[edge.id]["state"] == "offline", lambda: self._trouble("a last will"))

    def _await_loss(self, edge: Edge) -> None:
        self._signs.pop(edge.id, None)
        until(lambda: not _is_linked(edge), lambda: f"{edge.id} loses its link")

    def _await_online(self, edges: Sequence[Edge], since: datetime) -> None:
        """Until the server has heard a life sign of each that was given at `since` or later."""

        def heard() -> bool:
            states = self.eye.gateways()
            return all(_is_online(states[e.id], since + timedelta(seconds=e.supervision_s)) for e in edges)

        self.eye.until(heard, lambda: self._trouble("life signs"))
        for edge in edges:
            self._signs[edge.id] = since + seconds(edge.supervision_s / 3)

    def _quiet(self, edges: Collection[Edge]) -> None:
        """Until receipts have covered everything that these gateways hold."""
        for edge in self._linked(edges):
            if edge.id not in self._spoilt:
                until(partial(_is_quiet, edge), lambda: self._trouble("receipts"))

    def _await_ingest(self) -> None:
        """Until the server is subscribed at its broker."""

        def subscribed() -> bool:
            _, answer = self.server.ask("GET", "/health/roles", self.keys.admin)
            return any(role["name"] == "ingest" and role["ok"] for role in answer["roles"])

        until(subscribed, lambda: self._trouble("the server's subscription"))

    def _trouble(self, what: str) -> str:
        return f"{what}\n{self.server.last_words()}"


def _is_linked(edge: Edge) -> bool:
    return bool(edge.status()["linked"])


def _is_quiet(edge: Edge) -> bool:
    return bool(edge.status()["spooled"] == 0)


def _is_online(state: dict[str, Any], due_at: datetime) -> bool:
    return state["state"] == "online" and not state["silent"] and state["due_at"] >= due_at
