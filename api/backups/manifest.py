"""What a backup holds: its files with their digests, and a digest of that list itself.

    DEST/backup.json   {"format": 1, "sha256": "…", "created": "…", "log": {…}, "files": {"current": {…}, …}, …}
    DEST/home/…        the files, as they lay in the home

The list is written last, and the folder gets its name when all is on the disk: what has no sound list is no backup.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from leadledger.scoring.errors import DataError

MANIFEST_FILE = "backup.json"
CONTENT_FOLDER = "home"
FORMAT = 1


@dataclass(frozen=True)
class BackedUpFile:
    """A file of a backup: its SHA-256, its bytes, and its permissions in the home."""

    sha256: str
    size: int
    mode: int


@dataclass(frozen=True)
class BackupManifest:
    """What a backup holds. `files` are by their paths in the home.

    `log_address` is that of a log which is not in the backup; empty: the backup has the log, with so many `scores`.
    """

    created: str
    leadledger: str
    current: str
    releases: int
    scores: int
    log_address: str
    files: Mapping[str, BackedUpFile]

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return sum(file.size for file in self.files.values())

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON, with the number of files in place of the list."""
        return {**asdict(self), "files": len(self.files), "bytes": self.size}


def write_manifest(manifest: BackupManifest) -> bytes:
    """The list of a backup, with its own digest."""
    content = asdict(manifest)
    return (json.dumps({"format": FORMAT, "sha256": _digest(content), **content}, indent=1) + "\n").encode()


def read_manifest(folder: Path) -> BackupManifest:
    """The list of the backup in a folder. Raises DataError: there is none, or it isn't what was written."""
    path = folder / MANIFEST_FILE
    try:
        content = json.loads(path.read_bytes())
        form, digest = content.pop("format"), content.pop("sha256")
        files = {name: BackedUpFile(**file) for name, file in content["files"].items()}
        manifest = BackupManifest(**{**content, "files": files})
    except FileNotFoundError:
        raise DataError(f"{folder} is no backup: it has no {MANIFEST_FILE}, which is written last") from None
    except OSError as error:
        raise DataError(f"{path} can't be read: {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise DataError(f"{path} is damaged: it is not a list of files as `leadledger backup` writes it") from None
    if form != FORMAT:
        raise DataError(f"{path} has format {form}, and this program knows {FORMAT}: a later leadledger restores it")
    if digest != _digest(asdict(manifest)):
        raise DataError(f"{path} is damaged: its SHA-256 isn't the recorded one")
    for name in files:
        parts = PurePosixPath(name).parts
        if not parts or name.startswith("/") or ".." in parts or any(sign in name for sign in "\\:\0"):
            raise DataError(f"{path} names {name!r}, which is no file of a home")
    return manifest


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
