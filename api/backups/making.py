"""Makes a backup of a home while services use it.

First the log: one transaction of SQLite reads it, and writers don't wait for that. Then all else: a release is never
edited, so each that the log names is there by then; which one is current, and the journal that says why, are read while
nobody changes them; and other files are replaced as wholes.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from sqlalchemy.engine import make_url

from leadledger.api.backups.copying import copy_file, digest_file
from leadledger.api.backups.manifest import (
    CONTENT_FOLDER,
    MANIFEST_FILE,
    BackedUpFile,
    BackupManifest,
    write_manifest,
)
from leadledger.api.log.database import LOG_FILE, find_address, label_address
from leadledger.api.service.sessions import SESSION_FILE
from leadledger.api.trainings.training_folder import TRAININGS
from leadledger.api.uploads.kept_lists import UPLOADS
from leadledger.models.durable_files import sweep, sync_folder, write_synced
from leadledger.models.locked_file import lock_file
from leadledger.models.releases.journal import JOURNAL_FILE
from leadledger.models.releases.store import CURRENT_LOCK, Releases
from leadledger.scoring.errors import DataError

# What lasts for hours, belongs to one machine, or isn't whole: people sign in again, and start a training again.
_LEFT_OUT = re.compile(
    rf"({re.escape(LOG_FILE)}(-wal|-shm|-journal)?|{re.escape(SESSION_FILE)}|\.{re.escape(SESSION_FILE)}\.lock"
    rf"|{TRAININGS}|{UPLOADS}|server\.log)(/.*)?|(.*/)?\.[^/]*[.-][0-9a-f]{{16}}(/.*)?"
)
_PART = r"\.leadledger-backup-[0-9a-f]{16}"


@dataclass(frozen=True)
class _LogCopy:
    """The log of a backup. `file` is None where it isn't in the backup, and lies at `address`."""

    file: BackedUpFile | None
    scores: int
    address: str


def make_backup(home: Path, destination: Path, log_url: str | None, now: datetime) -> BackupManifest:
    """Copy a home, and its log where that is SQLite, to a new folder that only its owner can read. Raises DataError."""
    releases = Releases(home)
    if not releases.names() and not (home / LOG_FILE).is_file():
        raise DataError(f"{home} has neither a release nor a log, so there is nothing to back up; name another --home")
    if os.path.lexists(destination):
        raise DataError(f"{destination} is there already, and a backup overwrites nothing; name a new folder")
    parent = destination.absolute().parent
    if not parent.is_dir():
        raise DataError(f"{parent} isn't there; create it, or mount its disk")
    if destination.resolve().is_relative_to(home.resolve()):
        raise DataError(f"{destination} lies in the home; name a folder outside of it, best on another disk")
    part = parent / f".leadledger-backup-{secrets.token_hex(8)}"
    try:
        sweep(parent, _PART)
        part.mkdir(mode=0o700)
        content = part / CONTENT_FOLDER
        content.mkdir(mode=0o700)
        log = _copy_log(log_url, home, content / LOG_FILE)
        files = {} if log.file is None else {LOG_FILE: log.file}
        with lock_file(home / CURRENT_LOCK, 0o666):  # no other release becomes current meanwhile
            for name in ("current", JOURNAL_FILE):
                files |= _copy(home, name, content)
        for name in _list_files(home):
            if name not in files:
                files |= _copy(home, name, content)
        manifest = BackupManifest(
            created=now.isoformat(timespec="seconds"),
            leadledger=version("leadledger"),
            current=_read_text(content / "current"),
            releases=len({name.split("/")[1] for name in files if name.startswith("releases/")}),
            scores=log.scores,
            log_address=log.address,
            files=files,
        )
        for folder, _, _ in os.walk(content):
            sync_folder(Path(folder))
        write_synced(part / MANIFEST_FILE, write_manifest(manifest), 0o600)
        sync_folder(part)
        part.rename(destination)
        sync_folder(parent)
    except (OSError, sqlite3.Error) as error:
        shutil.rmtree(part, ignore_errors=True)
        reason = (error.strerror if isinstance(error, OSError) else None) or error
        raise DataError(f"the backup can't be made: {reason}") from None
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return manifest


def _copy_log(log_url: str | None, home: Path, target: Path) -> _LogCopy:
    """Copy the log in one transaction, where it is a file. Raises DataError, OSError, sqlite3.Error."""
    address = find_address(log_url) if log_url else make_url(f"sqlite:///{home / LOG_FILE}")
    if address.get_backend_name() != "sqlite":
        return _LogCopy(None, 0, label_address(address))
    if not Path(address.database or "").is_file():
        return _LogCopy(None, 0, "")
    write_synced(target, b"", 0o600)  # SQLite keeps the permissions of the empty file
    with closing(sqlite3.connect(address.database or "", isolation_level=None, timeout=60)) as connection:
        connection.execute("VACUUM INTO ?", (str(target),))  # https://www.sqlite.org/lang_vacuum.html#vacuuminto
    with closing(sqlite3.connect(target, isolation_level=None)) as copied:
        problems = [row[0] for row in copied.execute("PRAGMA integrity_check")]
        if problems != ["ok"]:
            raise DataError(f"the log is damaged: {problems[0]}")
        (scores,) = copied.execute("SELECT count(*) FROM scores").fetchone()
    with target.open("rb") as stream:
        os.fsync(stream.fileno())
    return _LogCopy(BackedUpFile(*digest_file(target), 0o600), scores, "")


def _list_files(home: Path) -> Iterator[str]:
    """The paths of a home's files that a backup has; links are none."""
    for folder, _, names in os.walk(home):
        for name in sorted(names):
            path = Path(folder, name)
            relative = path.relative_to(home).as_posix()
            if not _LEFT_OUT.fullmatch(relative) and path.is_file() and not path.is_symlink():
                yield relative


def _copy(home: Path, name: str, content: Path) -> dict[str, BackedUpFile]:
    """Copy a file; none where it is gone by now."""
    with suppress(FileNotFoundError):
        return {name: copy_file(home / name, content / name, 0o600)}
    return {}


def _read_text(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except OSError:
        return ""
