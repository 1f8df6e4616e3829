"""A reason travels with every decision: a stable code and the facts that made it true.

The same code is worded by the catalogues in `core/words`, so that logbook, message and screen say the same thing.
"""

from typing import Any

import msgspec


class Reason(msgspec.Struct, frozen=True):
    """Why something was decided: `code` is looked up in the word catalogues, `data` fills its blanks."""

    code: str
    data: dict[str, Any] = {}
