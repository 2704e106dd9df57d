"""Removes old backups: those that the newest ones make needless."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path

from leadledger.api.backups.manifest import read_manifest
from leadledger.scoring.errors import DataError


def remove_old_backups(folder: Path, keep: int) -> tuple[Path, ...]:
    """Remove all backups in a folder but the `keep` newest, and return them. Raises DataError.

    What isn't a backup with a sound list stays, whatever it is called. A backup gives up its name first, so that one
    which is removed in part is never taken for a whole one.
    """
    dated = []
    for path in folder.iterdir():
        try:
            if path.is_dir() and not path.is_symlink() and not path.name.startswith("."):
                dated.append((read_manifest(path).created, path))
        except DataError:
            continue
    old = tuple(path for _, path in sorted(dated)[:-keep])
    for path in old:
        part = folder / f".leadledger-backup-{secrets.token_hex(8)}"
        try:
            path.rename(part)
            shutil.rmtree(part)
        except OSError as error:
            raise DataError(f"the old backup {path} can't be removed: {error.strerror or error}") from None
    return old
