"""Major incidents on the path: settled when an alert is raised, by what the site says of its kind and priority."""

from alerts import major_store
from alerts.majors import Major
from ingest.rules import Judgement
from store.db import Tx


def owe(tx: Tx, judgement: Judgement) -> None:
    """Note which of the alerts that were raised now are major incidents."""
    register = judgement.scene.desk.register
    policy = register.policies.major
    if policy is None or not judgement.changes.raised:
        return
    found = [a for a in judgement.changes.raised.values() if policy.has(a.kind, a.priority)]
    site, at = register.site_id, judgement.at
    made = [Major(site_id=site, alert_id=a.id, since=at, needs_recorder=policy.recorder) for a in found]
    if made:
        major_store.insert(tx, made)
