"""Major incidents on the path: settled when an alert is raised, by what the site says of its kind and priority.

Each may need somebody who records it (LOG-13), and somebody in charge on site within some minutes (ESC-03): a step, as
those that a tap must prove, which a sign-on gives, too. What was proved before the incident began proves nothing.
"""

from alerts import major_store
from alerts.majors import Major
from ingest import proofs
from ingest.rules import Judgement
from patrol import steps
from sites.major_words import ChiefPolicy
from store.db import Tx


def owe(tx: Tx, judgement: Judgement) -> None:
    """Note which of the alerts that were raised now are major incidents, and let the chief's time begin."""
    register = judgement.scene.desk.register
    policy = register.policies.major
    if policy is None or not judgement.changes.raised:
        return
    found = [a for a in judgement.changes.raised.values() if policy.has(a.kind, a.priority)]
    site, at = register.site_id, judgement.at
    if found:
        made = [Major(site_id=site, alert_id=a.id, since=at, needs_recorder=policy.recorder) for a in found]
        major_store.insert(tx, made)
    if found and policy.chief is not None:
        chief = policy.chief
        people = _people(judgement, chief)
        begun = [steps.chief(site, a.id, people, chief.seat, at, chief.within_min) for a in found]
        proofs.keep(tx, site, [step for step, _ in begun], [line for _, line in begun], at)


def _people(judgement: Judgement, chief: ChiefPolicy) -> tuple[str, ...]:
    """Who may show that they are there. Nobody holds the seat: then whoever signs on to it."""
    if chief.role is not None:
        known = judgement.scene.desk.register.people.values()
        return tuple(sorted(person.id for person in known if chief.role in person.roles))
    holder = judgement.holders.get(chief.seat)
    return () if holder is None else (holder,)
