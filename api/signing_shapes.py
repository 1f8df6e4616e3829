"""What the API answers about how a person signs (see `api.shapes`)."""

from datetime import datetime
from typing import Any

from api.shapes import Shape


class Passkey(Shape):
    """One of the caller's own keys."""

    id: str
    name: str
    made_at: datetime
    used_at: datetime | None


class Signing(Shape):
    """What the caller can sign with. `passkeys_possible`: there is https, and a host name."""

    pin: bool
    pin_locked: bool
    passkeys_possible: bool
    passkeys: list[Passkey]


class PasskeyBegun(Shape):
    """`options` are `PublicKeyCredentialCreationOptionsJSON`; `ticket` comes back with what the browser makes of them."""

    ticket: str
    options: dict[str, Any]


class PasskeyAsked(Shape):
    """`options` are `PublicKeyCredentialRequestOptionsJSON`; their challenge is the `digest`."""

    digest: str
    options: dict[str, Any]
