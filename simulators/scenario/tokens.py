"""A line as words: parts between blanks, `"…"` keeping what is inside together, and `key=value` beside them.

A word in quotes means itself: `"ZZ-9"` is a device that the site does not know, on purpose.
"""

import re
from collections.abc import Collection, Sequence
from typing import Any, Final, NoReturn

import msgspec

from core.wire import NAME
from simulators.scenario.errors import Wrong
from sites.fields import quoted, unknown

# What people write for our words, where spelling alone does not tell.
MEANT: Final = {"acknowledges": "acks", "acknowledged": "acked", "open": "raised", "opened": "raised", "alarm": "alert"}

_KEY: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_.]*)=")
_BARE: Final = re.compile(r"[^\s\"'“”=,#\\]+")
_ESCAPES: Final = {"n": "\n", "t": "\t"}
QUOTES: Final = {'"': '"', "'": "'", "“": "”"}  # the last as a Chinese keyboard types it
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,9})?")
_BACKWARD: Final = {v: k for k, v in _ESCAPES.items()}


class Token(msgspec.Struct, frozen=True):
    """One word, or one `key=value`; `literal` when it stood in quotes."""

    text: str
    literal: bool = False
    key: str = ""


def split(line: str) -> list[Token]:
    """The words of a line. Raises `Wrong` for a quote that is not closed."""
    made: list[Token] = []
    at = 0
    while at < len(line):
        if line[at].isspace():
            at += 1
            continue
        found = _KEY.match(line, at)
        key = found[1] if found is not None else ""
        at = found.end() if found is not None else at
        text, literal, at = _word(line, at)
        made.append(Token(text, literal, key))
    return made


def _word(line: str, at: int) -> tuple[str, bool, int]:
    """The word at `at`: a quoted text, or everything up to the next blank."""
    if at < len(line) and line[at] in QUOTES:
        return _quoted(line, at)
    end = at
    while end < len(line) and not line[end].isspace():
        end += 1
    return line[at:end], False, end


def _quoted(line: str, at: int) -> tuple[str, bool, int]:
    mark, made, i = QUOTES[line[at]], [], at + 1
    while i < len(line) and line[i] != mark:
        if line[i] == "\\" and mark == '"' and i + 1 < len(line):
            i += 1
            made.append(_ESCAPES.get(line[i], line[i]))
        else:
            made.append(line[i])
        i += 1
    if i >= len(line):
        raise Wrong(f"the quote that begins at {quoted(line[at:])} is not closed")
    if i + 1 < len(line) and not line[i + 1].isspace():
        raise Wrong(f"a blank is missing after {quoted(''.join(made))}")
    return "".join(made), True, i + 1


def word(text: str) -> str:
    """A text as one word of a line: bare when that reads back the same, else in quotes."""
    if text and _BARE.fullmatch(text):
        return text
    return literal(text)


def literal(text: str) -> str:
    """A text in quotes, which means itself."""
    inside = "".join(f"\\{_BACKWARD[c]}" if c in _BACKWARD else f"\\{c}" if c in '"\\' else c for c in text)
    return f'"{inside}"'


def value(token: Token) -> Any:
    """What a `key=value` says: a number, true, false, null, a JSON list or object, else the text."""
    if token.literal:
        return token.text
    if token.text in {"true", "false", "null"} or token.text[:1] in {"[", "{"}:
        try:
            return msgspec.json.decode(token.text.encode(errors="replace"))
        except (msgspec.MsgspecError, RecursionError):
            raise Wrong(f"{token.key}={token.text} is not JSON") from None
    if _NUMBER.fullmatch(token.text):
        return float(token.text) if "." in token.text else int(token.text)
    return token.text


def shown(made: Any) -> str:
    """A value as `value` reads it back."""
    if isinstance(made, str):
        again = made and _BARE.fullmatch(made) and value(Token(made, key="k")) if made[:1] not in {"[", "{"} else None
        return made if again == made and isinstance(again, str) else literal(made)
    text = msgspec.json.encode(made).decode()
    return "".join(f"\\u{ord(c):04x}" if c.isspace() else c for c in text)  # a blank would end the word


def nearest(called: str, text: str, known: Collection[str]) -> str:
    """That a word is not known, and which one was probably meant."""
    meant = MEANT.get(text.lower())
    return (
        f'unknown {called} {quoted(text)}; did you mean "{meant}"?' if meant in known else unknown(called, text, known)
    )


class Words:
    """The words of one line, taken one after the other; options (`key=value`) stand anywhere."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.left = [t for t in tokens if not t.key]
        self.options: dict[str, Token] = {}
        for token in (t for t in tokens if t.key):
            if token.key in self.options:
                raise Wrong(f"{token.key}= stands twice")
            self.options[token.key] = token

    def peek(self, n: int = 0) -> str:
        """The word `n` places on, empty when there is none or it stands in quotes."""
        return self.left[n].text if n < len(self.left) and not self.left[n].literal else ""

    def skip(self, *words: str) -> bool:
        """Take the next words if they are these."""
        if all(self.peek(n) == w for n, w in enumerate(words)):
            del self.left[: len(words)]
            return True
        return False

    def take(self, called: str) -> Token:
        """The next word."""
        if not self.left:
            raise Wrong(f"the {called} is missing")
        return self.left.pop(0)

    def known(self, called: str, known: Collection[str]) -> str:
        """The next word, which must be one of these, or a name in quotes."""
        token = self.take(called)
        if token.literal:
            if not re.fullmatch(NAME.strip("^$"), token.text):
                raise Wrong(f"{quoted(token.text)} is not a name (letters, digits and . _ : -, at most 64)")
        elif token.text not in known:
            raise Wrong(unknown(called, token.text, known))
        return token.text

    def one_of(self, called: str, known: Collection[str]) -> str:
        """The next word, which must be one of these; quotes do not help."""
        token = self.take(called)
        if token.text not in known:
            raise Wrong(nearest(called, token.text, known))
        return token.text

    def option(self, key: str) -> Token | None:
        """An option, taken away."""
        return self.options.pop(key, None)

    def text(self, key: str) -> str | None:
        """An option as text."""
        token = self.option(key)
        return None if token is None else token.text

    def close(self, *options: str) -> None:
        """Nothing may be left over. `options` are the ones that this line might have had."""
        if self.options:
            key = next(iter(self.options))
            raise Wrong(unknown("option", key, options) + ("" if options else " (none are known here)"))
        if self.left:
            self.over(self.left[0].text)

    def over(self, text: str) -> NoReturn:
        """A word that nobody understands."""
        raise Wrong(f"{quoted(text)} is one word too many; a text of several words stands in quotes")
