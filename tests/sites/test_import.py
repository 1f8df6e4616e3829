"""An import is one transaction, repeatable, and keeps what belongs to people (SITE-01, IOT-02, ROLE-02). On both databases."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select, update

from sites import store as shelf
from sites.acts import ImportResult, check, counts, import_pack
from sites.errors import LoginTaken
from sites.pack import digest
from sites.register import Register, Role
from sites.tables import account, member
from store.db import Store
from tests.sites import small

AT = datetime(2026, 3, 1, 14, 0, tzinfo=UTC)
PACKS = Path(__file__).parents[2] / "packs"


@pytest.fixture
def corner(tmp_path: Path) -> Register:
    return check(small.write(tmp_path / "corner"))


def bring(store: Store, register: Register, at: datetime = AT, *, over: bool = False) -> ImportResult:
    with store.begin([register.site_id]) as tx:
        return import_pack(tx, register, digest(register), at, "system", over_edits=over)


def staff(store: Store, site_id: str) -> dict[str, tuple[str, list[str], str | None]]:
    """By person: (login, roles, password hash)."""
    with store.read() as conn:
        rows = conn.execute(
            select(member.c.person_id, account.c.login, member.c.roles, account.c.password_hash)
            .join(account, account.c.id == member.c.account_id)
            .where(member.c.site_id == site_id)
        ).all()
    return {row.person_id: (row.login, row.roles, row.password_hash) for row in rows}


def changed(register: Register, person: str, **fields: object) -> Register:
    people = dict(register.people)
    people[person] = msgspec.structs.replace(people[person], **fields)
    return msgspec.structs.replace(register, people=people)


@pytest.mark.parametrize("name", ["harbour-garden", "lakeside-office"])
def test_a_shipped_pack_goes_in_and_comes_out_the_same(store: Store, name: str) -> None:
    register = check(PACKS / name)
    result = bring(store, register)
    assert (result.version, result.changed) == (1, True)
    assert len(result.accounts_made) == len(register.people)
    assert result.line_data["counts"] == counts(register)
    assert result.line_data["summary"]["devices"] == {"added": len(register.devices)}
    assert result.pushes == (("register", {"version": 1}),)
    with store.read() as conn:
        loaded = shelf.load(conn, name)
        assert loaded == msgspec.structs.replace(register, version=1)
        assert shelf.load_all(conn) == {name: loaded}
        assert shelf.version(conn, name) == 1
        assert shelf.versions(conn) == {name: 1}
        assert shelf.pack_hash(conn, name) == digest(register)
    assert all(password is None for _, _, password in staff(store, name).values())


def test_the_same_pack_twice_is_no_change_and_says_so(store: Store, corner: Register) -> None:
    bring(store, corner)
    before = staff(store, "corner")
    again = bring(store, corner, AT.replace(hour=15))
    assert (again.changed, again.version, again.changes) == (False, 1, ())
    assert not again.line_data
    assert not again.pushes
    assert staff(store, "corner") == before


def test_a_changed_pack_is_the_next_version_and_names_the_change(store: Store, corner: Register) -> None:
    bring(store, corner)
    result = bring(store, changed(corner, "qian-yun", roles=(Role.GUARD, Role.AUDITOR)))
    assert result.version == 2
    assert [(c.section, c.id, c.field) for c in result.changes] == [("people", "qian-yun", "roles")]
    assert result.line_data["changes"] == ["people/qian-yun changed"]
    assert staff(store, "corner")["qian-yun"][1] == ["guard", "auditor"]


def test_a_password_and_the_account_survive_every_import(store: Store, corner: Register) -> None:
    bring(store, corner)
    with store.begin() as tx:
        tx.conn.execute(update(account).where(account.c.login == "zhaoli").values(password_hash="kept"))
        was = tx.conn.execute(select(account.c.id).where(account.c.login == "zhaoli")).scalar_one()
    bring(store, changed(corner, "zhao-li", login="zhao", phone="110"))
    assert staff(store, "corner")["zhao-li"][::2] == ("zhao", "kept")
    with store.read() as conn:
        assert conn.execute(select(account.c.id).where(account.c.login == "zhao")).scalar_one() == was


def test_someone_who_left_loses_the_site_and_a_namesake_gets_no_old_password(store: Store, corner: Register) -> None:
    bring(store, corner)
    with store.begin() as tx:
        tx.conn.execute(update(account).where(account.c.login == "qianyun").values(password_hash="old"))
    only = msgspec.structs.replace(corner, people={"zhao-li": corner.people["zhao-li"]})
    bring(store, only)
    assert staff(store, "corner").keys() == {"zhao-li"}
    bring(store, corner)
    assert staff(store, "corner")["qian-yun"] == ("qianyun", ["guard"], None)


@pytest.mark.parametrize("admin", [True, False])
def test_a_pack_cannot_take_over_someone_elses_login(store: Store, corner: Register, admin: bool) -> None:
    if admin:
        bring(store, changed(corner, "qian-yun", login="other"))
        with store.begin() as tx:
            tx.conn.execute(update(account).where(account.c.login == "other").values(admin=True, login="qianyun"))
    else:
        bring(store, corner)
    second = msgspec.structs.replace(
        corner, site_id="annex", people={"q": changed(corner, "qian-yun", id="q").people["qian-yun"]}
    )
    with pytest.raises(LoginTaken) as refused:
        bring(store, second)
    assert refused.value.field == "people.q.login"
    with store.read() as conn:
        assert shelf.versions(conn).keys() == {"corner"}, "nothing of a refused import stays"
    assert staff(store, "annex") == {}


def test_an_import_that_fails_leaves_nothing(store: Store, corner: Register) -> None:
    with pytest.raises(ZeroDivisionError), store.begin(["corner"]) as tx:
        import_pack(tx, corner, digest(corner), AT, "system")
        raise ZeroDivisionError
    with store.read() as conn:
        assert shelf.load(conn, "corner") is None
        assert shelf.version(conn, "corner") is None
        assert conn.execute(select(account)).all() == []


def test_two_sites_stand_beside_each_other(store: Store) -> None:
    for name in ("harbour-garden", "lakeside-office"):
        bring(store, check(PACKS / name))
    with store.read() as conn:
        assert shelf.versions(conn) == {"harbour-garden": 1, "lakeside-office": 1}
    assert not staff(store, "harbour-garden").keys() & staff(store, "lakeside-office").keys()
