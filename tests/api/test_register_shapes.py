"""The register as the pages may see it: every word of a pack has its place, and addresses are for supervisors (ROLE-03)."""

from pathlib import Path

import pytest
from msgspec.json import encode

from api.register_shapes import Register as Shape
from api.routes.site import shown
from sites.acts import check
from sites.register import Register
from tests.sites import small

PACKS = Path(__file__).parents[2] / "packs"


@pytest.fixture(params=["small", "harbour-garden", "lakeside-office"])
def register(request: pytest.FixtureRequest, tmp_path: Path) -> Register:
    return check(small.write(tmp_path) if request.param == "small" else PACKS / request.param)


@pytest.mark.parametrize("contacts", [True, False])
def test_every_word_of_a_pack_has_its_place(register: Register, contacts: bool) -> None:
    made = Shape.model_validate_json(encode(shown(register, contacts=contacts)))
    assert set(made.checklists) == set(register.checklists)
    assert made.policies.duty.rest_min_h == register.policies.duty.rest_min_h


def test_addresses_are_left_out_below_supervisor(tmp_path: Path) -> None:
    register = check(small.write(tmp_path))
    text = str(shown(register, contacts=False))
    assert "https://copies.example" in str(shown(register, contacts=True))
    assert not any(word in text for word in ("copies.example", "hooks.example", "brigade.example", "138 0000"))
