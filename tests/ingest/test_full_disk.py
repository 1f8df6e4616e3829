"""A full disk (faults F3): nothing is acknowledged that is not kept, and everything is kept once there is room again."""

import asyncio
import threading
from pathlib import Path

import msgspec
from sqlalchemy import event

from app.clock import now
from app.imports import import_site
from ingest.batches import AtOnce
from ingest.deliveries import Address, MqttDeliveries
from ingest.desks import Desks
from ingest.flow import Flow
from logbook.audit import verify_store
from sites.pack import digest
from sites.register import Gateway
from store.db import Store
from store.telemetry import SqlTelemetry
from tests.gateway.fakes import GATEWAY, SITE, GatewayProcess, Input, until
from tests.night import HARBOUR, by_id, words
from tests.servers import Broker

PAGES = 400  # 1.6 MB, of which the empty site takes a third
EVENTS = 2500


def only_gateway(name: str) -> dict[str, Gateway]:
    made: dict[str, Gateway] = by_id([Gateway(name, words(name))])
    return made


REGISTER = msgspec.structs.replace(
    HARBOUR,
    site_id=SITE,
    gateways=only_gateway(GATEWAY),
    devices={i: msgspec.structs.replace(d, gateway=GATEWAY, supervision_s=0) for i, d in HARBOUR.devices.items()},
)


async def test_a_full_disk_stops_the_receipts_and_room_brings_every_event_in_once(
    mqtt_broker: Broker, sqlite_url: str, tmp_path: Path
) -> None:
    """EVT-01, EVT-08, F3: gateway, broker, path and SQLite as they are; only the file may not grow for a while."""
    db, pages = Store(sqlite_url), [PAGES]

    @event.listens_for(db._writer, "begin")
    def _(conn: object) -> None:
        conn.exec_driver_sql(f"PRAGMA max_page_count={pages[0]}")  # type: ignore[attr-defined]

    desks, stopping = Desks(), threading.Event()
    import_site(db, desks, REGISTER, digest(REGISTER), now(), "system")
    deliveries = MqttDeliveries(Address(mqtt_broker.host, mqtt_broker.port))
    flow = Flow(db, desks, SqlTelemetry(db), now, deliveries.publish)
    refused: list[str] = []

    def handle(batch: list) -> None:  # type: ignore[type-arg]
        try:
            flow.handle(batch)
        except Exception as wrong:
            refused.append(str(wrong))
            raise

    thread = threading.Thread(target=deliveries.run, args=(AtOnce(handle), stopping))
    thread.start()
    gateway = await GatewayProcess(mqtt_broker.port, tmp_path / "spool").start()
    try:
        async with Input.at(gateway.port) as local:
            said = [await say(local, n) for n in range(EVENTS)]
            await until(lambda: any("full" in words for words in refused), 60)
            kept, spooled = rows(db), (await local.status())["spooled"]
            assert 0 < len(kept) < EVENTS
            assert spooled >= EVENTS - len(kept), "a receipt covered what no row holds"
            pages[0] = 1_000_000
            async with asyncio.timeout(60):
                while (await local.status())["spooled"]:  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.05)
        assert sorted(rows(db)) == sorted(said)
        with db.read() as conn:
            assert verify_store(conn, SITE).ok
    finally:
        await gateway.stop()
        stopping.set()
        thread.join(10)
        db.close()


async def say(local: Input, n: int) -> str:
    answer = await local.say({"device": "D-1", "kind": "access.granted", "data": {"card": f"{n:0500}"}})
    return str(answer["id"])


def rows(db: Store) -> list[str]:
    with db.read() as conn:
        return [row[0] for row in conn.exec_driver_sql("SELECT id FROM event")]
