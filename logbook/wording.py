"""Text as it is searched: folded, and cut into words that both databases can look up. Pure.

Latin writing is cut at what is not a letter or digit. Chinese has no such places: a run of it becomes every two signs that
stand together, and its last sign alone, so that a word of two signs is found at once and one sign as a beginning:
`消防泵房` is `消防 防泵 泵房 房`.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any, Final, NamedTuple

_HAN: Final = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_RUNS: Final = re.compile(rf"([{_HAN}]+)|([^\W_{_HAN}]+)")
_MARK: Final = "\u00a7"  # begins the words that stand for a filter; no text can hold it, for it is no letter
LONGEST: Final = 64  # of a word
MOST: Final = 20_000  # words of an entry


def fold(text: str) -> str:
    """Full-width and half-width, great and small letters are the same to who searches."""
    return unicodedata.normalize("NFKC", text).casefold()


def words(text: str) -> list[str]:
    """The words of a text in order, each as it stands in the index."""
    return [word for run in _runs(text) for word in run][:MOST]


def _runs(text: str) -> Iterator[list[str]]:
    for han, other in _RUNS.findall(fold(text)):
        if han:
            yield [*(han[i : i + 2] for i in range(len(han) - 1)), han[-1]]
        else:
            yield [other[:LONGEST]]


class Phrase(NamedTuple):
    """Words that stand side by side. `open_end`: the last one may go on."""

    words: tuple[str, ...]
    open_end: bool = False


def phrases(asked: str) -> list[Phrase]:
    """What somebody looks for: each piece between spaces must be there as it stands; its last word may go on."""
    return [phrase for piece in asked.split()[:10] if (phrase := _phrase(piece))]


def _phrase(piece: str) -> Phrase | None:
    runs = list(_runs(piece[:100]))
    if not runs:
        return None
    last = runs[-1]
    han = bool(re.match(f"[{_HAN}]", last[-1]))
    if han and len(last) > 1:  # the single last sign would ask that the run ends there
        last = last[:-1]
    before = [word for run in runs[:-1] for word in run]
    return Phrase((*before, *last), not han or len(last[-1]) == 1)


def mark(kind: str, value: str) -> str:
    """The word that stands for a filter: so that a rare filter is as quick as a rare word."""
    return f"{_MARK}{kind}{sha256(value.encode()).hexdigest()[:12]}"


def marks(act: str, actor: str, subject: str, form: str) -> list[str]:
    """The filter words of an entry."""
    return [mark("a", act), mark("p", actor), mark("s", subject), *([mark("f", form)] if form else [])]


SPOKEN: Final = ("text", "note", "reason", "comment", "caller")
_NAMED: Final = ("form", "by", "zone")


def spoken(data: Mapping[str, Any]) -> str:
    """What a person said in an entry, with the names in it; not the codes that the programme keeps beside."""
    return "\n".join(_spoken(data))


def _spoken(data: Mapping[str, Any]) -> Iterator[str]:
    yield from (value for key in SPOKEN if isinstance(value := data.get(key), str))
    for thing in (*(data.get(key) for key in _NAMED), *_list(data, "persons")):
        if isinstance(thing, Mapping):
            yield from _names(thing.get("name"))
    for field in _list(data, "fields"):
        if isinstance(field, Mapping):
            yield from _names(field.get("said")) if "said" in field else _plain(field.get("value"))
    for file in _list(data, "attachments"):
        if isinstance(file, Mapping) and isinstance(file.get("name"), str):
            yield file["name"]


def _list(data: Mapping[str, Any], key: str) -> list[Any]:
    value = data.get(key)
    return value if isinstance(value, list) else []


def _plain(value: Any) -> Iterator[str]:
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        yield str(value)


def _names(words: Any) -> Iterator[str]:
    if isinstance(words, Mapping):
        yield from (str(text) for text in dict.fromkeys(words.values()))
