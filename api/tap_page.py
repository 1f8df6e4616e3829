"""The page that a tag's address opens (PAT-08, PAT-11): who reads it there, on any phone, with no script.

Looking never completes anything: link previews look, too. The guard's own press does, with a token that this page gave to
this session for this read, and only for a short while.
"""

import base64
import hashlib
import hmac
import html
import secrets
from collections.abc import Mapping
from typing import Final, Literal
from urllib.parse import quote, urlencode

import msgspec

from core.words import say

Language = Literal["zh-CN", "en"]
_STYLE: Final = (
    "body{margin:0 auto;max-width:28rem;padding:1.5rem;font:1.1rem/1.5 system-ui,sans-serif;background:#14171c;color:#eee}"
    "h1{font-size:2rem;line-height:1.2;margin:.5rem 0}p{margin:.5rem 0}.no{color:#ffb4a8}.ok{color:#9fe0ae}"
    "label{display:block;margin:1rem 0 .2rem}input{font:inherit;width:100%;box-sizing:border-box;padding:.8rem}"
    "button{font:inherit;font-size:1.4rem;width:100%;min-height:4rem;margin:1.5rem 0;background:#2f6fdd;color:#fff;"
    "border:0;border-radius:.5rem}a{color:#9cc2ff;display:inline-block;padding:.7rem 0}"
)
_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
HEADERS: Final = {
    "content-security-policy": f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "referrer-policy": "same-origin",  # a form's Origin would be `null` otherwise, on phones that tell nothing else
    "cache-control": "no-store",
    "x-robots-tag": "noindex",
}


class Read(msgspec.Struct, frozen=True):
    """The address: a tag's two fields, or a printed code."""

    site: str
    picc_data: str = ""
    cmac: str = ""
    code: str = ""

    @property
    def fields(self) -> dict[str, str]:
        """As they stand in the address."""
        return {"s": self.site, "p": self.picc_data, "m": self.cmac, "c": self.code}

    @property
    def path(self) -> str:
        """Where its page is."""
        if self.code:
            return f"/t/q/{quote(self.code, safe='')}?{urlencode({'s': self.site})}"
        return f"/t?{urlencode({'s': self.site, 'p': self.picc_data, 'm': self.cmac})}"


def token(secret: str, session: str, read: Read, at_us: int) -> str:
    """What a press must bring: who, which read, since when; the nonce makes each page's press one press."""
    said = f"{at_us}.{secrets.token_hex(8)}"
    return f"{said}.{_mac(secret, session, read, said)}"


def pressed(secret: str, session: str, read: Read, brought: str, now_us: int, ttl_s: int) -> str | None:
    """The nonce of a token that this session was given for this read not long ago; None for any other."""
    said, _, mac = brought.rpartition(".")
    if not hmac.compare_digest(mac.encode(), _mac(secret, session, read, said).encode()):
        return None
    since, _, nonce = said.partition(".")
    return nonce if 0 <= now_us - int(since) <= ttl_s * 1_000_000 else None


def _mac(secret: str, session: str, read: Read, said: str) -> str:
    words = "\x1f".join((session, *read.fields.values(), said))
    key = hmac.digest(secret.encode(), b"watchroom tap page", "sha256")
    return hmac.new(key, words.encode(errors="replace"), hashlib.sha256).hexdigest()


def page(language: Language, title: str, body: str, other: str = "") -> str:
    """A whole page; `other`: where the same is told in the other language."""
    name = "English" if language == "zh-CN" else "中文"
    link = f'<p><a href="{html.escape(other)}" hreflang="{"en" if language == "zh-CN" else "zh-CN"}">{name}</a></p>'
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head><body>{body}{link if other else ''}</body></html>"
    )


def point(language: Language, names: Mapping[str, str], fields: Mapping[str, str]) -> str:
    """The point, the guard, and the press. `names`: point, guard, site as they are called in this language."""
    return (
        f"<p>{html.escape(names['site'])}</p><h1>{html.escape(names['point'])}</h1><p>{html.escape(names['guard'])}</p>"
        f'<form method="post" action="/t">{hidden(fields)}<button>{_say("press", language)}</button></form>'
    )


def sign_in(language: Language, read: Read, wrong: str = "") -> str:
    """Who reads it, by login and PIN or password. Opened from outside, a phone may keep the session of its browser back until
    something on the page is followed: the link is for who is signed in already.
    """
    told = f'<p class="no" role="alert">{_say(wrong, language)}</p>' if wrong else ""
    return (
        f"<h1>{_say('who', language)}</h1>{told}"
        f'<form method="post" action="/t/in">{hidden({**read.fields, "lang": language})}'
        f'<label for="login">{_say("login", language)}</label>'
        '<input id="login" name="login" autocomplete="username" autocapitalize="none" required maxlength="64">'
        f'<label for="word">{_say("word", language)}</label>'
        '<input id="word" name="word" type="password" autocomplete="current-password" required maxlength="256">'
        f"<button>{_say('enter', language)}</button></form>"
        f'<p><a href="{html.escape(read.path)}">{_say("again", language)}</a></p>'
    )


def told(language: Language, what: str, *more: str, good: bool = False) -> str:
    """A page that only says something."""
    lines = "".join(f"<p>{html.escape(line)}</p>" for line in more)
    return f'<h1 class="{"ok" if good else "no"}">{_say(what, language)}</h1>{lines}'


def hidden(fields: Mapping[str, str]) -> str:
    """Fields that come back with the form."""
    return "".join(
        f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
        for name, value in fields.items()
    )


def _say(code: str, language: Language) -> str:
    return html.escape(say(f"tappage.{code}", language))
