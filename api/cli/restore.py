"""`leadledger restore`: make a home of a backup, or only check one."""

from __future__ import annotations

from pathlib import Path

import click

from leadledger.api.cli.options import FILE, as_json, home
from leadledger.api.cli.printing import count, report


@click.command()
@click.argument("src", type=FILE)
@click.option("--check", is_flag=True, help="Only read the backup and compare its digests.")
@home
@as_json
def restore(src: Path, check: bool, home: Path, as_json: bool) -> None:
    """Make a home of the backup SRC.

    The home must be empty or not there yet. Every file is checked before the first one is written. Run it as the user
    that serves: the files are that user's alone.
    """
    from leadledger.api.backups.restoring import check_backup, restore_backup

    manifest = check_backup(src) if check else restore_backup(src, home)
    content = f"{count(manifest.releases, 'release')} and {count(manifest.scores, 'score')} of {manifest.created}"
    if check:
        text = f"{src} is whole: {content}, in {count(len(manifest.files), 'file')}."
    else:
        text = f"Restored {content} to {home}."
    lines = [text]
    if manifest.log_address:
        lines.append(f"The log isn't part of it: it was {manifest.log_address}. Restore that by pg_restore.")
    if not check:
        lines.append("`leadledger log replay` works out every score of the log again, and compares it.")
    data = {"backup": str(src), "home": None if check else str(home), **manifest.to_dict()}
    report(as_json, data, "\n".join(lines))
