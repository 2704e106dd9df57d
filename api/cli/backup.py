"""`leadledger backup`: copy a home and its log while they are used."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from leadledger.api.cli.options import FILE, as_json, home, log_url
from leadledger.api.cli.printing import count, report


@click.command()
@click.argument("dest", type=FILE)
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    metavar="N",
    help="Remove all other backups beside DEST but the newest, so that N are left.",
)
@home
@log_url
@as_json
def backup(dest: Path, keep: int | None, home: Path, log_url: str | None, as_json: bool) -> None:
    """Copy the home and its log to the new folder DEST.

    %Y, %m, %d, %H and %M in DEST stand for the time, in UTC. Services go on meanwhile. DEST is whole or not there, and
    only its owner can read it: it has leads, digests of keys, and the secrets of hooks and CRMs. A log in PostgreSQL is
    backed up by pg_dump, before the home.
    """
    from leadledger.api.backups.keeping import remove_old_backups
    from leadledger.api.backups.making import make_backup

    now = datetime.now(UTC)
    if "%" in str(dest):  # no timer has a date to put there
        dest = Path(now.strftime(str(dest)))
    manifest = make_backup(home, dest, log_url, now)
    removed = () if keep is None else remove_old_backups(dest.absolute().parent, keep)
    lines = [
        f"Backed up {count(manifest.releases, 'release')}, {count(manifest.scores, 'score')} and all else of {home}:"
        f" {count(len(manifest.files), 'file')}, {manifest.size / 1e6:,.1f} MB in {dest}."
    ]
    if manifest.log_address:
        lines = [
            f"Backed up {count(manifest.releases, 'release')} and all else of {home} but the log:"
            f" {count(len(manifest.files), 'file')}, {manifest.size / 1e6:,.1f} MB in {dest}.",
            f"The log is {manifest.log_address}. Run pg_dump before each backup: see docs/operations.md.",
        ]
    if removed:
        lines.append(f"Removed {count(len(removed), 'older backup')}: {', '.join(path.name for path in removed)}.")
    data = {"backup": str(dest), **manifest.to_dict(), "removed": [str(path) for path in removed]}
    report(as_json, data, "\n".join(lines))
