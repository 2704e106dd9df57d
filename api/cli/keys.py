"""The commands `leadledger keys`: the API keys of the service."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from leadledger.api.cli.options import as_json, home, on_the_line, refusing, show


@click.group(invoke_without_command=True)
@home
@as_json
@click.pass_context
@refusing
def keys(context: click.Context, home: Path, as_json: bool) -> None:
    """List the API keys of the service; add or revoke one."""
    from leadledger.api.cli.reports import keys_text
    from leadledger.api.service.keys import read

    context.obj = home
    if context.invoked_subcommand is None:
        found = read(home) or ()
        show({"keys": [one.to_dict() for one in found]}) if as_json else click.echo(keys_text(found))


@keys.command("add")
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, help="What it may do: score, outcomes, read or admin; repeatable.")
@home
@as_json
@click.pass_context
@refusing
def add_key(context: click.Context, name: str, scopes: tuple[str, ...], home: Path, as_json: bool) -> None:
    """Make a key called NAME, and print it on standard output: it is kept nowhere, and never shown again.

    A running service takes it at once.
    """
    from leadledger.api.service.keys import add

    key, text = add(chosen_home(context, home), name, scopes, datetime.now(UTC))
    if as_json:
        show({"key": text, **key.to_dict()})
    else:
        click.echo(text)
        click.echo(f"Key {key.id} ({key.name}) may: {', '.join(key.scopes)}. It is not shown again.", err=True)


@keys.command("revoke")
@click.argument("identity", metavar="ID")
@home
@as_json
@click.pass_context
@refusing
def revoke_key(context: click.Context, identity: str, home: Path, as_json: bool) -> None:
    """Revoke the key ID. A running service refuses it within a second or two."""
    from leadledger.api.service.keys import revoke

    key = revoke(chosen_home(context, home), identity, datetime.now(UTC))
    show(key.to_dict()) if as_json else click.echo(f"Key {key.id} ({key.name}) is revoked.")


def chosen_home(context: click.Context, home: Path) -> Path:
    """The home that a command of a group was given, before its name or after it."""
    return home if on_the_line("home") else Path(context.obj)
