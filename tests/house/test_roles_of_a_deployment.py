"""What roles that start side by side must agree on."""

from pathlib import Path

from sqlalchemy import func, select

from app.house import House
from app.settings import Settings
from ingest.credentials import server_password
from sites.tables import account


def test_only_a_role_with_pages_makes_the_first_administrator(tmp_path: Path) -> None:
    """A one-time password made by a role that cannot tell it would lock everybody out."""
    house = House(Settings(data=tmp_path), "up")
    try:
        assert house.prepare(people=False) is None
        with house.store.read() as conn:
            assert conn.execute(select(func.count()).select_from(account)).scalar_one() == 0
        assert house.prepare() is not None
        assert house.prepare() is None
    finally:
        house.close()


def test_on_a_broker_of_ones_own_the_server_signs_in_with_what_follows_from_its_secret(tmp_path: Path) -> None:
    house = House(Settings(data=tmp_path, broker="mqtts://broker.example:8884", broker_ca=tmp_path / "ca.crt"), "up")
    try:
        address = house.add_broker()
    finally:
        house.close()
    assert (address.username, address.password) == ("watchroom", server_password(house.secret))
    assert (address.port, address.tls, address.ca) == (8884, True, tmp_path / "ca.crt")


def test_a_name_in_the_url_is_believed(tmp_path: Path) -> None:
    house = House(Settings(data=tmp_path, broker="mqtt://someone:word@broker.example"), "up")
    try:
        address = house.add_broker()
    finally:
        house.close()
    assert (address.username, address.password, address.port) == ("someone", "word", 1883)
