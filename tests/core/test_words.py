"""Every code a person may meet has words in both languages."""

import string
from importlib import import_module
from pathlib import Path

import pytest

import core.words
from alerts.rules import Act, Cause, Disposition, State
from core.errors import Refusal
from core.kinds import KINDS, Klass
from core.wire import Why
from core.words import LANGUAGES, catalogue, say
from duty.rules import Basis
from sites.register import Role

CODES = [
    *(f"kind.{name}" for name in KINDS),
    *(f"klass.{k}" for k in Klass),
    *(f"state.{s}" for s in State),
    *(f"act.alert.{a}" for a in Act),
    *(f"disposition.{d}" for d in Disposition),
    *(f"cause.{c}" for c in Cause),
    *(f"basis.{b}" for b in Basis),
    *(f"role.{r}" for r in Role),
    *(f"why.{w}" for w in Why),
    *(f"priority.{p}" for p in (1, 2, 3, 4)),
    *(f"flag.{f}" for f in ("test", "history", "retained", "unknown_device", "clock_skew", "late")),
]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_the_house_is_in_the_catalogue(language: str) -> None:
    assert [code for code in CODES if code not in catalogue(language)] == []


def test_both_languages_name_the_same_codes_and_leave_the_same_blanks() -> None:
    zh, en = (catalogue(language) for language in LANGUAGES)
    assert zh.keys() == en.keys()
    assert [code for code in zh if _blanks(zh[code]) != _blanks(en[code])] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_files_are_sorted_so_that_two_changes_do_not_collide(language: str) -> None:
    file = Path(core.words.__file__).parent / f"{language}.json"
    keys = [line.split('"')[1] for line in file.read_text(encoding="utf-8").splitlines() if '":' in line]
    assert keys == sorted(keys)
    assert len(keys) == len(set(keys))


def test_every_refusal_has_words() -> None:
    for file in Path(core.words.__file__).parents[2].glob("*/errors.py"):
        import_module(f"{file.parent.name}.errors")
    codes = {refusal.code for refusal in _refusals(Refusal)}
    assert [code for code in sorted(codes) if f"error.{code}" not in catalogue("en")] == []


def test_a_code_without_words_is_said_as_it_is_and_an_unfilled_blank_stays() -> None:
    assert say("no.such.code", "en") == "no.such.code"
    assert say("error.weak_password", "en", least=10).startswith("The new password needs at least 10 ")
    assert "{least}" in say("error.weak_password", "zh-CN")


def test_a_language_we_do_not_speak_gets_chinese() -> None:
    assert say("klass.alarm", "fr") == "报警"


def _blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def _refusals(base: type[Refusal]) -> list[type[Refusal]]:
    return [base, *(deeper for sub in base.__subclasses__() for deeper in _refusals(sub))]
