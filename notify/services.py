"""The 170 services that apprise knows, by its URLs. It throttles per object, so each send gets an object of its own."""

from typing import Any

from notify.addresses import ROBOT_HOSTS, NotPublic, resolve, robot
from notify.delivery import Answered, Order, Outcome, StillOwed, kept, refused
from notify.threads import beside

_ROBOTS = {
    "dingtalk": "DingTalk",
    "wecom": "WeCom",
    "wecombot": "WeCom",
    "feishu": "Feishu",
    "lark": "Lark",
}


async def send(order: Order, timeout_s: float, still_owed: StillOwed, *, allow_private: bool) -> Outcome:
    """Send to one apprise URL. Raises Answered when it is no longer owed."""
    scheme = order.target.partition("://")[0].lower()
    if scheme in _ROBOTS:
        return robot(_ROBOTS[scheme])
    service = await beside(_service, order.target, timeout_s)
    if service is None:
        return refused("bad_target", "not an apprise URL that can be understood")
    host = getattr(service, "host", None)
    if host:
        if host in ROBOT_HOSTS:
            return robot(ROBOT_HOSTS[host])
        try:
            await resolve(host, getattr(service, "port", None) or 443, allow_private=allow_private)
        except NotPublic as inside:
            return refused("private_target", str(inside))
        except (OSError, UnicodeError):
            pass  # many services keep a token where a host would stand
    if not await beside(still_owed):
        raise Answered
    return await beside(_notify, service, order)


def _service(url: str, timeout_s: float) -> Any:
    import apprise  # half a second, and only where it is used

    asset = apprise.AppriseAsset(service_timeout=timeout_s, app_id="Watchroom", async_mode=False)
    return apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)


def _notify(service: Any, order: Order) -> Outcome:
    """Success only when the service's own last try says so: `optional=yes` in a URL turns a failure into apprise's success."""
    import apprise

    box = apprise.Apprise(services=[service], asset=service.asset)
    answer = box.notify(title=order.message.subject, body=order.message.text)
    try:
        tries = [result.attempts[-1] if result.attempts else None for result in answer.results]
        ok = bool(tries) and all(tries)
        said = "\n".join(str(entry.message) for entry in answer.logs())
        return Outcome(ok=ok, code="delivered" if ok else answer.status.name.lower(), body=kept(said))
    finally:
        answer.close()
