"""Loading a scene: everything one site's judgement may look at, in few queries however long the batch."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from alerts import store as alert_store
from alerts.rules import State
from core.kinds import Effect
from duty import reach_store
from ingest.memory import Memory
from ingest.scene import Desk, Heard, Scene
from ingest.seats import held_now, own_conditions
from store.db import Tx


def load_scene(
    tx: Tx,
    desk: Desk,
    at: datetime,
    new: Sequence[Heard] = (),
    also: Iterable[tuple[str, str]] = (),
    memory: Memory | None = None,
) -> Scene:
    """Everything the judgement may look at, in four queries however long the batch. `also`: conditions that the caller
    may raise itself. `memory`: what the caller remembers of the site.
    """
    register = desk.register
    asked = frozenset(also)
    pairs: set[tuple[str, str]] = set(asked)
    whole: set[str] = set()
    for heard in new:
        event = heard.event
        meaning = desk.meanings.get((event.device, event.kind)) or desk.meaning(event.device, event.kind)
        if event.device == heard.gateway and meaning.device is None:
            pairs.update((f"gateway/{heard.gateway}", name) for name in (event.kind, *meaning.ended_by))
        elif meaning.device is None or meaning.device.gateway != heard.gateway:
            pairs.add((f"gateway/{heard.gateway}", "device.unknown"))
        elif meaning.kind.effect is Effect.CLEAR:
            whole.add(event.device)
            pairs.add((event.device, event.kind))
        elif meaning.kind.effect is not Effect.NOTE:
            pairs.add((event.device, event.kind))
            if meaning.ended_by:
                pairs.update((event.device, name) for name in meaning.ended_by)
    own = own_conditions(register)
    pairs.update(own)
    head = tx.heads[register.site_id]
    conditions = (memory or Memory()).conditions(tx.conn, register.site_id, head, pairs, whole)
    stepping = {
        cond.alert_id
        for (subject, name), cond in conditions.items()
        if cond.alert_id is not None
        and (
            subject in whole
            or cond.clear_said
            or cond.state in _MAY_STEP
            or name == "device.offline"
            or (subject, name) in own
            or (subject, name) in asked
        )
    }
    alerts = alert_store.some(tx.conn, register.site_id, stepping)
    held, _, _ = held_now(tx.conn, register, at)
    number, far = head.alert_no + 1, reach_store.unreached(tx.conn, register, held, at)
    return Scene(desk, at, held, conditions, alerts, number, frozenset(pairs), far)


_MAY_STEP = frozenset({State.CLEARED, State.SETTLING})
