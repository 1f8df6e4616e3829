"""The seals of the logbook (LOG-03) against RFC 6962 and against a naive reference."""

import json
from datetime import datetime, timedelta, timezone
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logbook.rules import NO_CHAIN, Line, Seals, body, grow, leaf, peaks_of, root, seal
from tests.logbook.conftest import SITE, START, line

# The eight leaves and heads that certificate-transparency implementations test with.
LEAVES = [bytes.fromhex(h) for h in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")] + [
    bytes(range(0x60, 0x70))
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def naive(leaves: list[bytes]) -> bytes:
    """RFC 6962 §2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\0" + leaves[0]).digest()
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\1" + naive(leaves[:k]) + naive(leaves[k:])).digest()


def frontier_of(leaves: list[bytes]) -> bytes:
    peaks: list[bytes] = []
    for size, entry in enumerate(leaves):
        grow(peaks, size, leaf(entry))
    return b"".join(peaks)


@pytest.mark.parametrize("size", range(1, 9))
def test_the_heads_are_those_of_certificate_transparency(size: int) -> None:
    assert root(size, frontier_of(LEAVES[:size])).hex() == ROOTS[size - 1]


def test_the_head_of_an_empty_tree_is_the_hash_of_nothing() -> None:
    assert root(0, b"").hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@settings(deadline=None)  # a busy machine is no fault
@given(st.lists(st.binary(max_size=40), max_size=130))
def test_the_frontier_gives_the_same_head_as_the_whole_tree(leaves: list[bytes]) -> None:
    assert root(len(leaves), frontier_of(leaves)) == naive(leaves)


@settings(deadline=None)  # a busy machine is no fault
@given(st.integers(0, 60), st.integers(0, 60))
def test_sealing_in_two_goes_is_sealing_in_one(first: int, second: int) -> None:
    lines = [line(i) for i in range(first + second)]
    whole, at_once = seal(SITE, Seals(), lines)
    left, between = seal(SITE, Seals(), lines[:first])
    right, after = seal(SITE, between, lines[first:])
    assert (left + right, after) == (whole, at_once)


def test_the_chain_links_each_leaf_to_all_before_it() -> None:
    made, after = seal(SITE, Seals(), [line(0), line(1)])
    one = sha256(NO_CHAIN + sha256(b"\0" + made[0].body).digest()).digest()
    two = sha256(one + sha256(b"\0" + made[1].body).digest()).digest()
    assert [entry.chain for entry in made] == [one, two] == [made[0].chain, after.chain]
    assert [entry.n for entry in made] == [1, 2]


def test_a_frontier_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="peaks"):
        root(3, b"".join(peaks_of(frontier_of(LEAVES))))


def test_an_entry_is_compact_sorted_json_in_utf8() -> None:
    said = Line(START, "alert.ack", "p1", "alert/1", {"b": 1, "a": {"z": 0, "y": "火警"}})
    assert body(SITE, 3, said).decode() == (
        '{"act":"alert.ack","actor":"p1","at":"2026-03-01T14:00:00.000000Z","data":{"a":{"y":"火警","z":0},"b":1},'
        f'"n":3,"site":"{SITE}","subject":"alert/1"}}'
    )


def test_the_servers_own_time_zone_does_not_show() -> None:
    """Faults §4: a changed time zone changes no byte."""
    here = START.astimezone(timezone(timedelta(hours=8)))
    assert body(SITE, 1, Line(here, "a", "b", "c", {})) == body(SITE, 1, Line(START, "a", "b", "c", {}))


def test_two_spellings_of_one_word_are_two_entries() -> None:
    """Faults §4: text is kept as written, so NFC and NFD do not pass for each other."""
    composed, decomposed = (body(SITE, 1, Line(START, "a", "b", "c", {"note": n})) for n in ("caf\u00e9", "cafe\u0301"))
    assert composed != decomposed
    assert json.loads(decomposed)["data"]["note"] == "cafe\u0301"


@settings(deadline=None)  # a busy machine is no fault
@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**53), 2**53)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(st.characters(exclude_categories=["Cs"])),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), inner, max_size=4)
        ),
        max_leaves=8,
    )
)
def test_what_was_said_reads_back(value: object) -> None:
    made = body(SITE, 1, Line(datetime.fromisoformat("2026-03-01T14:00:00Z"), "a", "b", "c", {"v": value}))
    assert json.loads(made)["data"]["v"] == value
