"""The notify role with its settings."""

import hmac
from typing import TYPE_CHECKING

import msgspec

from app.clock import conducted, now
from app.roles import Run
from notify.flow import run_notify
from notify.settings import NotifySettings

if TYPE_CHECKING:
    from app.house import House


def notifier(house: "House") -> Run:
    """Send what the rungs owe, until told to stop."""
    s = house.settings
    settings = NotifySettings(
        public_url=s.public_url or f"http://{s.host}:{s.port}/",
        smtp_host=s.smtp_host,
        smtp_port=s.smtp_port,
        smtp_user=s.smtp_user,
        smtp_password=s.smtp_password,
        smtp_starttls=s.smtp_starttls,
        smtp_from=s.smtp_from,
        webhook_secret=s.webhook_secret or hmac.new(house.secret, b"webhook", "sha256").hexdigest(),
        allow_private_targets=s.allow_private_targets,
    )
    if conducted is not None:  # real time is only what a simulation costs
        settings = msgspec.structs.replace(settings, poll_s=0.05, least_s=0.002)
    return lambda stopping: run_notify(house.store, house.desks.register, settings, now, stopping)
