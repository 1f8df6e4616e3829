"""`watchroom patrol tags …`: which tags hang where, and what an encoder writes into one that proves itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from app.settings import Settings
    from patrol.flags import Tag
    from sites.register import Register
    from store.db import Store, Tx

patrol_app = typer.Typer(no_args_is_help=True, help="Patrol: the tags that guards touch.")
tags_app = typer.Typer(
    no_args_is_help=True, help="Tags: which hangs where, and the keys of those that prove themselves."
)
patrol_app.add_typer(tags_app, name="tags")

Site = Annotated[str, typer.Argument(help="The site.")]
Uid = Annotated[str, typer.Argument(help="The tag's UID, 14 hexadecimal digits.")]
_BY = "system"


@patrol_app.callback()
def _about() -> None:
    """Patrol: the tags that guards touch."""


@tags_app.command("list")
def list_tags(site: Site) -> None:
    """Every tag of a site: point, UID, how it proves itself, state, key version, and the newest read."""
    from patrol import tag_store

    with _store() as (_, store), store.read() as conn:
        for tag in tag_store.listed(conn, site):
            read = tag.read_at.isoformat(timespec="seconds") if tag.read_at else "never read"
            typer.echo(
                f"{tag.checkpoint:<16} {tag.uid:<20} {tag.proof:<4} {tag.state:<9} v{tag.key_version} #{tag.counter} {read}"
            )


@tags_app.command()
def provision(
    site: Site,
    checkpoint: Annotated[str, typer.Argument(help="The point where it will hang.")],
    uid: Uid,
) -> None:
    """Register an NTAG 424 DNA tag at a point, and print what its encoder writes. The keys are shown now, and not again."""
    from app.clock import now
    from patrol import tag_acts
    from patrol.rules import Proof

    _hex(uid)
    with _store() as (settings, store):
        with _changing(store, site) as (tx, register):
            tag = tag_acts.assign(tx, register, uid, checkpoint, Proof.SUN, _BY, now())
        _show(settings, site, tag)


@tags_app.command()
def rotate(
    site: Site, uid: Uid, reason: Annotated[str, typer.Option(help="Why; it stands in the log.")] = "rotation"
) -> None:
    """Give a tag its next keys and print them. From now on only reads under these are believed: write them at once."""
    from app.clock import now
    from patrol import tag_acts, tag_store
    from patrol.errors import NoSuchTag
    from patrol.rules import Proof
    from patrol.tags import Act

    _hex(uid)
    with _store() as (settings, store):
        with _changing(store, site) as (tx, register):
            had = tag_store.some(tx.conn, site, [uid.upper()]).get(uid.upper())
            if had is None or had.proof is not Proof.SUN or had.key_version == _LAST:
                raise NoSuchTag
            tag = tag_acts.act(tx, register, uid, Act.ROTATE, _BY, reason, now(), key_version=had.key_version + 1)
        _show(settings, site, tag)


_LAST = 255


def _show(settings: "Settings", site: str, tag: "Tag") -> None:
    from patrol.keys import Ring

    keys = Ring(settings.tag_key()).of(site, tag.uid, tag.key_version)
    base = (settings.public_url or "https://HOST").rstrip("/")
    typer.echo(f"tag                  {tag.uid} at {tag.checkpoint_id}, keys v{tag.key_version}")
    typer.echo(f"address              {base}/t?s={site}&p={'0' * 32}&m={'0' * 16}")
    typer.echo(
        "PICC data offset     at p=, CMAC offset at m=, CMAC input offset the same (the MAC is over nothing else)"
    )
    typer.echo(f"SDMMetaRead key (1)  {keys.meta.hex().upper()}")
    typer.echo(f"SDMFileRead key (2)  {keys.file.hex().upper()}")


def _hex(uid: str) -> None:
    if len(uid) != 14 or not all(c in "0123456789abcdefABCDEF" for c in uid):
        raise typer.BadParameter("a UID of seven bytes is 14 hexadecimal digits", param_hint="uid")


@contextmanager
def _store() -> "Iterator[tuple[Settings, Store]]":
    from app.settings import Settings
    from store.db import Store

    settings = Settings()
    store = Store(settings.store_url)
    try:
        yield settings, store
    finally:
        store.close()


@contextmanager
def _changing(store: "Store", site: str) -> "Iterator[tuple[Tx, Register]]":
    """A transaction at a site that is there; what is refused is said in a line."""
    from core.errors import Refusal
    from sites import store as site_store

    try:
        with store.begin([site]) as tx:
            register = site_store.load(tx.conn, site)
            if register is None:
                raise typer.BadParameter(f"there is no site {site}", param_hint="site")
            yield tx, register
    except Refusal as wrong:
        typer.echo(f"{wrong.code}: {wrong.detail}", err=True)
        raise typer.Exit(1) from wrong
