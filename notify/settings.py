"""What the notify role is told about the world outside: plain values, read by `app`."""

import msgspec


class NotifySettings(msgspec.Struct, frozen=True, kw_only=True):
    """An empty `smtp_host` means that no e-mail can be sent; an empty `webhook_secret` that no webhook can be signed.
    Spans in seconds.
    """

    public_url: str = ""
    smtp_host: str = ""
    smtp_port: int = 25
    smtp_user: str = ""
    smtp_password: str = ""
    smtp_starttls: bool = False  # port 465 speaks TLS from the first byte anyway
    smtp_from: str = "watchroom@localhost"
    webhook_secret: str = ""
    allow_private_targets: bool = False
    timeout_s: float = 15.0
    claim_s: float = 30.0  # a claimed notice whose sender died is sent again after this
    pauses_s: tuple[float, ...] = (5, 15, 45, 135, 300)  # after each failed try; one more failure is the end
    at_once: int = 32
    at_once_each: int = 4  # to one mail server, host or service: a slow one keeps only its own waiting
    poll_s: float = 0.5  # how often to look when nothing is committed
    least_s: float = 0.05  # a storm of commits is looked at this often, not once each
