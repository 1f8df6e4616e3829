"""Mosquitto's configuration, access list and password file for a site that runs it instead of the embedded broker. Pure text."""

import base64
import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from core.wire import ROOT
from ingest.credentials import SERVER, Gateway, checked

_ITERATIONS = (
    1000  # our passwords are 172 random bits: stretching adds nothing, and Mosquitto verifies on its only thread
)
_SALT = 12


@dataclass(frozen=True, slots=True)
class Door:
    """A port to come in by. `for_gateways`: whoever enters is known by the user name alone, so that nobody can take over
    another's session by its client id. The server's own door must not have it: the server connects more than once.
    """

    port: int
    host: str = ""
    cert: PurePath | None = None
    key: PurePath | None = None
    for_gateways: bool = True


def configuration(doors: Sequence[Door], folder: PurePath, users: PurePath, access: PurePath, run_as: str = "") -> str:
    """mosquitto.conf: no anonymous clients, a backlog that is kept (the defaults drop it) and a window wide enough to
    acknowledge after a commit (the default of 20 allows 493 messages a second).
    """
    general = {
        "persistence": "true",
        "persistence_location": f"{folder}/",
        "autosave_interval": "1",
        "max_queued_messages": "1000000",
        "max_inflight_messages": "5000",
        "message_size_limit": "2097152",
        "set_tcp_nodelay": "true",
        "allow_anonymous": "false",
        "password_file": str(users),
        "acl_file": str(access),
        "log_dest": "stderr",
    }
    if run_as:
        general["user"] = run_as
    lines = ["# Written by watchroom; changes are lost.", *(f"{name} {value}" for name, value in general.items())]
    lines += [f"log_type {kind}" for kind in ("error", "warning", "notice")]  # not every save of the queue
    for door in doors:
        lines += ["", f"listener {door.port} {door.host}".rstrip()]
        if door.for_gateways:
            lines.append("use_username_as_clientid true")
        if door.cert:
            lines += [f"certfile {door.cert}", f"keyfile {door.key}", "tls_version tlsv1.2"]
    return _text(lines)


def access_list(gateways: Iterable[Gateway]) -> str:
    """The ACL file: each gateway exactly its own topics, the server all of ours, nobody anything else."""
    lines = [f"user {SERVER}", f"topic readwrite {ROOT}/#"]
    for gateway in map(checked, gateways):
        lines += ["", f"user {gateway.username}"]
        lines += [f"topic write {topic}" for topic in gateway.speaks]
        lines += [f"topic read {topic}" for topic in gateway.hears]
    return _text(lines)


def password_lines(gateways: Iterable[Gateway], server_password: str) -> str:
    """The password file: one salted PBKDF2-SHA512 line for each user."""
    lines = [f"{SERVER}:{_hashed(server_password)}"]
    lines += [f"{g.username}:{_hashed(g.password)}" for g in map(checked, gateways)]
    return _text(lines)


def _hashed(password: str) -> str:
    salt = secrets.token_bytes(_SALT)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)
    return f"$7${_ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"
