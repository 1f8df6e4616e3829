"""Tags that prove themselves (PAT-11): the vectors of AN12196, every bit that may flip, and keys of each tag's own."""

import random

import pytest

from patrol import sun
from patrol.sun import Broken, Keys, Read

ZERO = bytes(16)
MASTER = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
UID = "04DE5F1EACC040"
# AN12196's own keys are all zero; what they prove is worthless at a site, so the parts are looked at by themselves.
AN12196 = ("EF963FF7828658A599F3041510671E88", "94EED9EE65337086")


def test_the_vector_of_an12196_reads_as_its_paper_says() -> None:
    assert sun._who(bytes.fromhex(AN12196[0]), ZERO) == Read(UID, 61)
    assert sun.mac_of(Read(UID, 61), ZERO).hex().upper() == AN12196[1]


def test_the_plain_mirror_vector() -> None:
    assert sun.mac_of(Read("041E3C8A2D6B80", 6), ZERO).hex().upper() == "4B00064004B0B3D3"


def test_a_vector_with_keys_of_its_own_names_its_tag() -> None:
    meta = bytes.fromhex("42AFF114F2CB3B6141BE6DC95DFC5416")
    assert sun.who("8ACADDEF0A9B62CDAE39A16B83FC14DE", meta) == Read("041D3C8A2D6B80", 291)


def test_the_second_paper_vector_names_its_tag() -> None:
    assert sun._who(bytes.fromhex("FD91EC264309878BE6345CBE53BADF40"), ZERO) == Read("04958CAA5C5E80", 8)


def test_an10922_gives_its_own_answer() -> None:
    """The construction that keys are derived by, against the paper's example."""
    given = bytes.fromhex("0104782E21801D803042F54E585020416275")
    assert sun.cmac(MASTER, given).hex().upper() == "A8DD63A3B89D54B37CA802473FDA9175"


def test_factory_keys_prove_nothing() -> None:
    assert sun.who(AN12196[0], ZERO) is Broken.FACTORY_KEYS
    assert sun.proved(Read(UID, 61), AN12196[1], ZERO) is Broken.FACTORY_KEYS


def _keys(uid: str = UID, site: str = "here", version: int = 1) -> Keys:
    return Keys(sun.meta_key(MASTER, site, version), sun.file_key(MASTER, site, uid, version))


def test_what_a_tag_says_is_what_we_read() -> None:
    data, mac = sun.spoken(Read(UID, 7), _keys(), b"\x01\x02\x03\x04\x05")
    assert sun.who(data, _keys().meta) == Read(UID, 7)
    assert sun.proved(Read(UID, 7), mac, _keys().file) is None


def test_no_flipped_bit_is_believed() -> None:
    """Every single bit of ten reads, and ten thousand flips of some: none is a proved read of the same tag or another."""
    chance = random.Random(424)
    flips = 0
    for counter in range(10):
        read = Read(UID, counter)
        data, mac = sun.spoken(read, _keys(), chance.randbytes(5))
        whole = bytearray(bytes.fromhex(data + mac))
        for _ in range(1_000):
            broken = bytearray(whole)
            for bit in chance.sample(range(len(whole) * 8), chance.choice([1, 1, 1, 2, 5])):
                broken[bit // 8] ^= 1 << (bit % 8)
            found = sun.who(broken[:16].hex(), _keys().meta)
            if isinstance(found, Read):
                key = sun.file_key(MASTER, "here", found.uid, 1)
                assert sun.proved(found, broken[16:].hex(), key) is Broken.BAD_MAC
            flips += 1
    assert flips == 10_000


@pytest.mark.parametrize(
    ("data", "mac"),
    [("", ""), ("EF", "94"), (AN12196[0], "94EED9EE6533708"), (AN12196[0] + "00", AN12196[1]), ("G" * 32, "0" * 16)],
)
def test_what_is_not_an_address_of_a_tag_is_refused(data: str, mac: str) -> None:
    found = sun.who(data, _keys().meta)
    if isinstance(found, Read):
        pytest.fail("named a tag")
    assert found in {Broken.NOT_SUN, Broken.NOT_DECRYPTED}
    assert sun.proved(Read(UID, 1), mac[:15], _keys().file) is Broken.NOT_SUN


def test_each_tag_site_and_version_has_keys_of_its_own() -> None:
    some = [_keys(), _keys("04DE5F1EACC041"), _keys(site="there"), _keys(version=2)]
    assert len({k.file for k in some}) == 4
    assert len({k.meta for k in some}) == 3, "the meta key is a site's, whatever the tag"
    assert not {k.file for k in some} & {k.meta for k in some}
