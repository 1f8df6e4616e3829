"""One metadata for all slices, one naming convention, and the column types they share.

Times rest as microseconds since 1970 UTC in a BIGINT: exact, comparable, the same on both databases. JSON rests as text.
"""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import BigInteger, MetaData, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from core.clock import instant, micros

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """A UTC datetime in code, microseconds since 1970 in the row."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        return None if value is None else micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else instant(value)


class Json(TypeDecorator[Any]):
    """A JSON value in code, its text in the row."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else json_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else msgspec.json.decode(value)


_encode = msgspec.json.Encoder(order="sorted").encode


def json_text(value: Any) -> str:
    """Sorted, compact JSON: what `Json` writes, for the statements that go past it."""
    return _encode(value).decode()
