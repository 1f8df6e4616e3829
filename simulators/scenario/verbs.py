"""One form of a line of `when`, as the tables of forms hold it."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from simulators.scenario.known import Known
from simulators.scenario.model import Act
from simulators.scenario.tokens import Words

Parser = Callable[[Words, Known, datetime], Act]


class Verb(msgspec.Struct, frozen=True):
    """One form of line. `key` is the word that tells it, `second` whether that word stands second (after a person)."""

    key: str
    form: str
    about: str
    example: str
    parse: Parser
    second: bool = False
