"""`leadledger keys`: the API keys of the service."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leadledger.api.cli.options import as_json, home
from leadledger.api.cli.printing import report

if TYPE_CHECKING:
    from leadledger.api.service.keys import Key


@click.group(invoke_without_command=True)
@home
@as_json
@click.pass_context
def keys(context: click.Context, home: Path, as_json: bool) -> None:
    """List the API keys of the service, or add or revoke one."""
    if context.invoked_subcommand is not None:
        return
    from leadledger.api.service.keys import read

    kept = read(home) or ()
    report(as_json, {"keys": [key.to_dict() for key in kept]}, _list_text(kept))


@keys.command("add")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    help="What the key may do: score, outcomes, events, read, hooks, admin; repeatable.",
)
@home
@as_json
def add_key(name: str, scopes: tuple[str, ...], home: Path, as_json: bool) -> None:
    """Make a key called NAME and print it. Only its digest is kept, so it can't be shown again.

    A running service accepts it at once.
    """
    from leadledger.api.service.keys import add

    key, text = add(home, name, scopes, datetime.now(UTC))
    report(as_json, {"key": text, **key.to_dict()}, text)
    if not as_json:
        click.echo(f"Key {key.id} ({key.name}) may: {', '.join(key.scopes)}. It is not shown again.", err=True)


@keys.command("revoke")
@click.argument("identity", metavar="ID")
@home
@as_json
def revoke_key(identity: str, home: Path, as_json: bool) -> None:
    """Revoke the key with this ID. A running service refuses it within two seconds."""
    from leadledger.api.service.keys import revoke

    key = revoke(home, identity, datetime.now(UTC))
    report(as_json, key.to_dict(), f"Key {key.id} ({key.name}) is revoked.")


def _list_text(keys: Sequence[Key]) -> str:
    """The keys, newest last: id, since when, scopes and name; never a secret."""
    if not keys:
        return "There is no key yet; `leadledger keys add NAME --scope score` makes one."
    lines = []
    for key in keys:
        state = f"made {key.created:%Y-%m-%d}" if key.revoked is None else f"revoked {key.revoked:%Y-%m-%d}"
        lines.append(f"{key.id}  {state:18}  {', '.join(key.scopes)}  {key.name}")
    return "\n".join(lines)
