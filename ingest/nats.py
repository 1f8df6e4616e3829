"""NATS as an MQTT broker: its configuration, and the one request that MQTT cannot make (capping the message stream)."""

import json
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

from core.wire import ROOT
from ingest.credentials import SERVER, Gateway, checked

KEEPER: Final = "watchroom-keeper"
STREAM: Final = "$MQTT_msgs"  # where NATS keeps every QoS 1 message until its subscribers have acknowledged it
# What may be on its way to us unacknowledged: four of our batches. NATS writes the state of all of it down again and
# again, and delivers anew what waits for `ack_wait`, which a slow disk lets the end of a longer queue do.
WINDOW: Final = 2000
# Go looks through a heap of 40 MB again and again: letting it grow to five times what lives in it takes 4 of 27 µs CPU off
# an event, for 25 MB. Beyond the bound it looks as often as it must.
HEAP: Final = {"GOGC": "400", "GOMEMLIMIT": "128MiB"}
_INBOX: Final = "_INBOX.keeper"


class Listeners(NamedTuple):
    """Where to listen: MQTT for everybody, and NATS's own protocol on loopback for us alone."""

    host: str
    port: int
    keeper_port: int
    cert: Path | None = None
    key: Path | None = None


def configuration(
    at: Listeners, folder: Path, gateways: Iterable[Gateway], server_password: str, keeper_password: str, sync: str
) -> str:
    """The whole configuration file. A gateway may publish and subscribe exactly its own topics; nobody is anonymous."""
    users = [
        _user(SERVER, server_password, [f"{ROOT}/#"], [f"{ROOT}/#"]),
        _keeper(keeper_password),
        *(_user(g.username, g.password, g.speaks, g.hears) for g in map(checked, gateways)),
    ]
    listed = "\n    ".join(users)
    tls = f"\n  tls {{ cert_file: {_text(at.cert)}, key_file: {_text(at.key)} }}" if at.cert else ""
    return f"""# Written by watchroom at every start; changes are lost.
server_name: watchroom
listen: "127.0.0.1:{at.keeper_port}"
pid_file: {_text(folder / "broker.pid")}
log_file: {_text(folder / "broker.log")}
logfile_size_limit: 10MB
logfile_max_num: 3
jetstream {{ store_dir: {_text(folder / "store")}, sync_interval: {_text(sync)} }}
mqtt {{
  listen: {_text(f"{at.host}:{at.port}")}
  max_ack_pending: {WINDOW}
  ack_wait: "5s"{tls}
}}
authorization {{
  users: [
    {listed}
  ]
}}
"""


def _user(name: str, password: str, speaks: list[str], hears: list[str]) -> str:
    """`$MQTT.sub.>` is the private subject on which NATS hands a QoS 1 subscription its messages; clients cannot name it."""
    publish = json.dumps([_subject(topic) for topic in speaks])
    subscribe = json.dumps([*(_subject(topic) for topic in hears), "$MQTT.sub.>"])
    return (
        f'{{user: {_text(name)}, password: {_text(password)}, allowed_connection_types: ["MQTT"], '
        f"permissions: {{publish: {publish}, subscribe: {subscribe}}}}}"
    )


def _keeper(password: str) -> str:
    publish = json.dumps([f"$JS.API.STREAM.{verb}.{STREAM}" for verb in ("INFO", "UPDATE")])
    return (
        f'{{user: {_text(KEEPER)}, password: {_text(password)}, allowed_connection_types: ["STANDARD"], '
        f'permissions: {{publish: {publish}, subscribe: ["{_INBOX}"]}}}}'
    )


def _subject(topic: str) -> str:
    return topic.replace("/", ".").replace("#", ">")


def _text(value: object) -> str:
    return json.dumps(str(value))


def cap_stream(port: int, password: str, max_bytes: int, patience: float = 5.0) -> None:
    """Bound the message stream and let it refuse what is new when full: a full disk would refuse every connection,
    that of the ingest which could drain it included. Raises OSError or ValueError when NATS does not comply.
    """
    with socket.create_connection(("127.0.0.1", port), patience) as s:
        s.settimeout(patience)
        talk = s.makefile("rwb")
        with talk:
            talk.readline()  # INFO
            hello = {
                "user": KEEPER,
                "pass": password,
                "verbose": False,
                "pedantic": False,
                "lang": "python",
                "version": "1",
            }
            talk.write(f"CONNECT {json.dumps(hello)}\r\nSUB {_INBOX} 1\r\n".encode())
            config = _ask(talk, "INFO", b"")["config"]
            config |= {"max_bytes": max_bytes, "discard": "new"}
            _ask(talk, "UPDATE", json.dumps(config).encode())


def _ask(talk: Any, verb: str, body: bytes) -> dict[str, Any]:
    talk.write(f"PUB $JS.API.STREAM.{verb}.{STREAM} {_INBOX} {len(body)}\r\n".encode() + body + b"\r\n")
    talk.flush()
    while line := talk.readline():
        if line.startswith(b"MSG "):
            answer: dict[str, Any] = json.loads(talk.read(int(line.split()[-1])))
            talk.readline()
            if "error" in answer:
                raise ValueError(f"NATS: {answer['error'].get('description')}")
            return answer
        if line.startswith(b"-ERR"):
            raise ValueError(f"NATS: {line.decode().strip()}")
        if line.startswith(b"PING"):
            talk.write(b"PONG\r\n")
            talk.flush()
    raise ConnectionError("NATS closed the connection")
