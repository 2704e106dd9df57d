"""The manifest of a release: the SHA-256 digest of each of its files, its own digest, the date and a note.

The manifest is the last file of a release. Its own digest covers the digests of the others, so a release is what was
published if every digest matches.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from leadledger.scoring.errors import ReleaseError, quote

MANIFEST_FORMAT = 1
CARD, LEARNED, METRICS, PROVENANCE, MANIFEST = (
    "card.yaml",
    "learned.json",
    "metrics.json",
    "provenance.json",
    "manifest.json",
)
CORE_FILES = (CARD, LEARNED, METRICS, PROVENANCE)  # every release has these, and the store reads them
FILE_NAME = re.compile(r"[0-9A-Za-z_][0-9A-Za-z_.-]{0,99}")

_DIGEST = re.compile(r"[0-9a-f]{64}")


def make_manifest(
    contents: Mapping[str, bytes], *, card: str, created: datetime, note: str, standard_names: bool
) -> bytes:
    """The manifest of files by name, as JSON. `card` is the name of the card."""
    manifest: dict[str, Any] = {
        "format": MANIFEST_FORMAT,
        "card": card,
        "created": created.isoformat(timespec="seconds"),
        "note": note,
        "standard_names": standard_names,
        "files": {file: hashlib.sha256(content).hexdigest() for file, content in contents.items()},
    }
    return write_json(MANIFEST, manifest | {"digest": digest_of(manifest)})


def read_manifest(content: bytes) -> dict[str, Any]:
    """The manifest without its own digest, which is checked. Raises ValueError that says what is wrong with it."""
    try:
        manifest = json.loads(content)
    except (ValueError, RecursionError):
        raise ValueError(f"{MANIFEST} is not what was published: it is not JSON") from None
    digest = manifest.pop("digest", None) if isinstance(manifest, dict) else None
    if not isinstance(manifest, dict) or digest != digest_of(manifest):
        raise ValueError(f"{MANIFEST} is not what was published: its own digest doesn't match")
    if manifest.get("format") != MANIFEST_FORMAT:
        actual = quote(manifest.get("format"))
        raise ValueError(f"it has format {actual}; this version of leadledger reads format {MANIFEST_FORMAT}")
    files = manifest["files"] if isinstance(manifest.get("files"), dict) else {}
    sound = all(FILE_NAME.fullmatch(file) and _DIGEST.fullmatch(str(digest)) for file, digest in files.items())
    if not sound or not all(file in files for file in CORE_FILES):
        raise ValueError(f"{MANIFEST} doesn't list the files of a release")
    return manifest


def digest_of(manifest: Mapping[str, Any]) -> str:
    """The digest of a manifest without its `digest`, however its JSON is laid out."""
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()


def write_json(file: str, value: Mapping[str, Any]) -> bytes:
    """The bytes of a JSON file. Raises ReleaseError that names the file."""
    try:
        return (json.dumps(dict(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ReleaseError(f"{file} can't be written as JSON: {error}") from error
