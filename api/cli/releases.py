"""`leadledger releases`: list them, show one, use one, compare two, score one along."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leadledger.api.cli.options import as_json, home
from leadledger.api.cli.printing import report, width

if TYPE_CHECKING:
    from leadledger.models.releases.journal import JournalEntry
    from leadledger.models.releases.release_info import ReleaseInfo


@click.group(invoke_without_command=True)
@home
@as_json
@click.pass_context
def releases(context: click.Context, home: Path, as_json: bool) -> None:
    """List the releases, or show, use or compare them."""
    if context.invoked_subcommand is not None:
        return
    from leadledger.models.releases.store import Releases

    infos = Releases(home).list()
    report(as_json, {"releases": [info.to_dict() for info in infos]}, _list_text(infos))


@releases.command("show")
@click.argument("name", required=False)
@home
@as_json
def show_release(name: str | None, home: Path, as_json: bool) -> None:
    """Show release NAME: the whole scorecard, with its tables.

    Without NAME, the current release.
    """
    from leadledger.models.releases.store import Releases
    from leadledger.scoring.printers.text import card_text

    store = Releases(home)
    report(True, store.show(name), "") if as_json else click.echo(card_text(store.open(name), width()), nl=False)


@releases.command("use")
@click.argument("name")
@home
@as_json
def use_release(name: str, home: Path, as_json: bool) -> None:
    """Make release NAME the current one. A running service switches to it within a second."""
    from leadledger.models.releases.store import Releases

    Releases(home).use(name)
    report(as_json, {"release": name, "current": True}, f"{name} is the current release")


@releases.command("diff")
@click.argument("old")
@click.argument("new")
@home
@as_json
def diff_releases(old: str, new: str, home: Path, as_json: bool) -> None:
    """Show which points moved from release OLD to NEW.

    For rules, bins, thresholds and grades, those that moved most first.
    """
    from leadledger.models.releases.diff_text import diff_text
    from leadledger.models.releases.store import Releases

    diff = Releases(home).diff(old, new)
    report(as_json, diff.to_dict(), diff_text(diff, width()))


@releases.command("history")
@home
@as_json
def list_changes(home: Path, as_json: bool) -> None:
    """Show which release became the current one when, and by whom. The newest is the last."""
    from leadledger.models.releases.store import Releases

    entries = Releases(home).journal()
    report(as_json, {"changes": [entry.to_dict() for entry in entries]}, _history_text(entries))


@releases.command("shadow")
@click.argument("name", required=False)
@click.option("--draft", metavar="NAME", help="Score this draft of the studio along, with its text as it is now.")
@click.option("--end", is_flag=True, help="Score nothing along any more, and drop what was counted.")
@home
@as_json
def score_along(name: str | None, draft: str | None, end: bool, home: Path, as_json: bool) -> None:
    """Score release NAME along unseen, or show what it would have said.

    A running service works out what the release or draft would have said of each lead that it scores from now on, after
    the answer has left. Nobody is answered by it. Without NAME, shows how often it differs so far.
    """
    from leadledger.api.studio.shadow_files import read_counts, read_shadow, remove_shadow
    from leadledger.api.studio.shadows import choose_shadow, describe_shadow
    from leadledger.api.wording.shadows import write_shadow_text

    if sum((name is not None, draft is not None, end)) > 1:
        raise click.UsageError("Give NAME, --draft or --end: one of them.")
    if name is not None or draft is not None:
        choose_shadow(home, "release" if draft is None else "draft", name or draft or "")
    shadow = read_shadow(home)
    described = describe_shadow(shadow, None if shadow is None else read_counts(home, shadow))
    if end:
        remove_shadow(home)
    report(as_json, described, write_shadow_text(described, ended=end))


def _history_text(entries: Sequence[JournalEntry]) -> str:
    """A line for each change of the current release."""
    if not entries:
        return "No change of the current release is noted yet."
    lines = []
    for entry in entries:
        note = f"  {entry.note}" if entry.note else ""
        undone = "" if entry.happened else "  (the process ended before it was done)"
        lines.append(f"{entry.at[:16]}  {entry.change:<9}  {entry.release}  {entry.by or '-'}{note}{undone}")
    return "\n".join([*lines, "", "Times are in UTC; - stands for the command line, or a service without keys"])


def _list_text(infos: Sequence[ReleaseInfo]) -> str:
    """The releases, newest last, with a mark at the current one."""
    if not infos:
        return "There is no release yet; `leadledger release CARD` makes one."
    lines = []
    for info in infos:
        mark = "*" if info.current else " "
        lines.append(f"{mark} {info.name}  {info.card}{'  ' + info.note if info.note else ''}")
    return "\n".join([*lines, "", "* the current release"])
