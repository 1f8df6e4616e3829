"""Where a message may go. A target inside our own network is refused unless the settings allow it (SSRF): the name is
resolved here, every address it has is looked at, and the connection is made to the very address that was looked at, so
that a name which changes between the two looks (DNS rebinding) gains nothing.
"""

import ipaddress
import socket
from functools import partial

from notify.delivery import Outcome, refused
from notify.threads import beside

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

# These robots answer 200 with an error in the body, and want their own signature: sent blindly, an alarm is silently lost.
ROBOT_HOSTS = {
    "oapi.dingtalk.com": "DingTalk",
    "api.dingtalk.com": "DingTalk",
    "qyapi.weixin.qq.com": "WeCom",
    "open.feishu.cn": "Feishu",
    "open.larksuite.com": "Lark",
}


class NotPublic(Exception):  # noqa: N818 - an answer for the delivery log
    """The target is inside."""


def is_public(address: str) -> bool:
    """Whether an IP address is out there: not private, loopback, link-local, reserved, multicast, nor such a one in disguise."""
    ip = _unwrapped(ipaddress.ip_address(address.partition("%")[0]))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


async def resolve(host: str, port: int, *, allow_private: bool) -> str:
    """An address to connect to. Raises NotPublic when any of the name's addresses is inside, OSError when it has none."""
    found = await beside(partial(socket.getaddrinfo, type=socket.SOCK_STREAM), host, port)
    addresses = [str(entry[4][0]) for entry in found]
    inside = [address for address in addresses if not is_public(address)]
    if inside and not allow_private:
        raise NotPublic(f"{host} is {inside[0]}, inside the network; WATCHROOM_ALLOW_PRIVATE_TARGETS permits it")
    return addresses[0]


def robot(name: str) -> Outcome:
    """The refusal for a chat robot that needs an adapter of its own."""
    return refused(
        "robot_unsupported",
        f"{name} reports success even when it drops a message; its own adapter is not part of this version. "
        "Use e-mail, a webhook of yours, or another service.",
    )


def _unwrapped(ip: Address) -> Address:
    """The IPv4 address inside an IPv6 one that only carries it."""
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return ip.ipv4_mapped
        if ip.sixtofour is not None:
            return ip.sixtofour
        if ip in _NAT64:
            return ipaddress.IPv4Address(ip.packed[-4:])
    return ip
