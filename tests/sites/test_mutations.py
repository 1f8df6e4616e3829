"""A spoiled pack is refused, whatever was done to it: nothing but `PackRefused` comes out of a check."""

import random
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sites.acts import check
from sites.errors import PackRefused
from sites.pack import digest
from sites.plans import check as check_plan
from sites.register import Register, plain
from store.metadata import json_text
from tests.sites import small

ODD = [
    *("", "~", "null", "[]", "{}", "[[", "}", "'", '"', "&a", "*a", "!!python/object:os.system", "<<: *x", "---", "...", "%YAML"),
    *("-1", "99999999999999999999999", "1e999", ".nan", ".inf", "0x1f", "1_000", "yes", "2001-01-01", "08:00", "\t", "\x00"),
    *('"\\ud800"', '"\\0"', "\ud800", "\u2028", "\ufeff", "é" * 300, "x" * 5000, "? a", "| \n  x", "- - - -", ": :", "#"),
    *("house", "desk", "zhao-li", "seat:", "role:", ":", "person:nobody", "fire", "a.b.c", "../../x", "/dev/zero", "."),
]  # fmt: skip


def _spoil(text: str, draw: random.Random) -> str:
    """Cut, double, swap or overwrite somewhere."""
    lines = text.splitlines(keepends=True)
    at, other = draw.randrange(len(lines)), draw.randrange(len(lines))
    act = draw.randrange(6)
    if act == 0:
        del lines[at]
    elif act == 1:
        lines.insert(other, lines[at])
    elif act == 2:
        lines[at], lines[other] = lines[other], lines[at]
    elif act == 3:
        lines[at] = " " * draw.randrange(6) + lines[at].lstrip()
    else:
        line = lines[at].rstrip("\n")
        start = draw.randrange(len(line) + 1)
        end = min(len(line), start + draw.choice([0, 1, 3, 8]))
        if act == 5 and ":" in line:
            start, end = line.index(":") + 2, len(line)
        lines[at] = line[:start] + draw.choice(ODD) + line[end:] + "\n"
    return "".join(lines)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32), rounds=st.integers(1, 4))
@example(seed=0, rounds=1)
def test_a_spoiled_pack_is_read_or_refused(seed: int, rounds: int) -> None:
    draw = random.Random(seed)
    files = dict(small.FILES)
    for _ in range(rounds):
        name = draw.choice(sorted(files))
        files[name] = _spoil(files[name] or " ", draw)
    with tempfile.TemporaryDirectory() as folder:
        try:
            register = check(small.write(Path(folder), files))
        except PackRefused as refused:
            assert refused.errors
            assert all(e.file and e.line >= 1 and e.why and "\n" not in str(e) for e in refused.errors)
        else:
            assert isinstance(register, Register)
            assert json_text(plain(register)).encode()
            assert len(digest(register)) == 64


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_a_pack_or_refused(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pack.yaml"
        file.write_bytes(data)
        try:
            check(file)
        except PackRefused as refused:
            assert refused.errors


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=200) | st.text(alphabet="<>/!?[]&;#\"'= svgrect", max_size=80).map(str.encode))
def test_any_bytes_are_a_plan_or_refused(data: bytes) -> None:
    assert check_plan("p", b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1">' + data + b"</svg>", "p.svg")
