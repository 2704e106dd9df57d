"""Checks a backup, and makes a home of it."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

from leadledger.api.backups.copying import copy_file, digest_file
from leadledger.api.backups.manifest import CONTENT_FOLDER, BackedUpFile, BackupManifest, read_manifest
from leadledger.models.durable_files import sync_folder
from leadledger.scoring.errors import DataError

_LAST = "current"  # a home without it serves nothing


def check_backup(source: Path) -> BackupManifest:
    """Read every file of a backup and compare its digest. Raises DataError."""
    manifest = read_manifest(source)
    problems = []
    for name, file in manifest.files.items():
        path = source / CONTENT_FOLDER / name
        try:
            if path.is_symlink() or digest_file(path) != (file.sha256, file.size):
                problems.append(f"{name} is not what was backed up")
        except FileNotFoundError:
            problems.append(f"{name} is missing")
        except OSError as error:
            problems.append(f"{name} can't be read: {error.strerror or error}")
    if problems:
        lines = "".join(f"\n  {problem}" for problem in problems[:10])
        more = f"\n  and {len(problems) - 10:,} more" if len(problems) > 10 else ""
        raise DataError(f"the backup {source} is damaged, and nothing is restored from it:{lines}{more}")
    return manifest


def restore_backup(source: Path, home: Path) -> BackupManifest:
    """Make a home of a backup, whose files are all checked before. Raises DataError: it is damaged, or the home is one.

    The release becomes current last: what is interrupted before that is no home.
    """
    if os.path.lexists(home) and (not home.is_dir() or any(home.iterdir())):
        raise DataError(f"{home} is not empty, and nothing is overwritten; name a new folder with --home")
    manifest = check_backup(source)
    part = home / f".restoring-{secrets.token_hex(8)}"
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        part.mkdir(mode=0o700)
        for name, file in manifest.files.items():
            _restore_file(source / CONTENT_FOLDER / name, part / name, file)
        for folder, _, _ in os.walk(part):
            sync_folder(Path(folder))
        for entry in sorted(part.iterdir(), key=lambda path: path.name == _LAST):
            entry.rename(home / entry.name)
        part.rmdir()
        sync_folder(home)
    except DataError:
        shutil.rmtree(part, ignore_errors=True)
        raise
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        raise DataError(f"the backup can't be restored to {home}: {error.strerror or error}") from None
    return manifest


def _restore_file(source: Path, target: Path, file: BackedUpFile) -> None:
    written = copy_file(source, target, file.mode)
    if (written.sha256, written.size) != (file.sha256, file.size):
        raise DataError(f"{source} has changed while it was restored; start again with an empty home")
