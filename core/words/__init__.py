"""The word catalogues: what every code is called, in each language. Logbook, message and screen read the same two files.

A catalogue is flat, `"code": "text with {blanks}"`, and sorted; the pages import the same files.
"""

import pkgutil
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import msgspec

LANGUAGES: Final = ("zh-CN", "en")


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Every code of a language; one we do not speak gets the first, zh-CN."""
    name = language if language in LANGUAGES else LANGUAGES[0]
    return msgspec.json.decode(pkgutil.get_data(__name__, f"{name}.json") or b"{}", type=dict[str, str])


@cache
def fields() -> Mapping[str, str]:
    """What each field of a logbook line is (a person, a time, a code of some family), so that it can be read out. `hidden`: it
    means something to machines only. A field's name is `field.…` of the catalogues.
    """
    return msgspec.json.decode(pkgutil.get_data(__name__, "fields.json") or b"{}", type=dict[str, str])


def say(code: str, language: str, **data: Any) -> str:
    """The words for `code` with its blanks filled. A code without words is said as it is; an unfilled blank stays."""
    return catalogue(language).get(code, code).format_map(_Blanks(data))


class _Blanks(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"
