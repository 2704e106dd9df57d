"""What pages load: one stylesheet, joined from its parts, and small scripts. A browser keeps them until they change."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "assets"
STYLESHEET = "leadledger.css"

_FIRST = "base.css"  # the parts of single pages come after it
_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file for browsers. `version` changes with its content."""

    content: bytes
    media_type: str
    version: str


@cache
def load_assets() -> dict[str, Asset]:
    """All assets by name."""
    files = sorted(path for path in FOLDER.iterdir() if path.suffix in _MEDIA_TYPES)
    parts = sorted((path for path in files if path.suffix == ".css"), key=lambda path: (path.name != _FIRST, path.name))
    contents = {path.name: path.read_bytes() for path in files if path.suffix != ".css"}
    contents[STYLESHEET] = b"\n".join(path.read_bytes() for path in parts)
    return {
        name: Asset(content, _MEDIA_TYPES[Path(name).suffix], hashlib.sha256(content).hexdigest()[:16])
        for name, content in contents.items()
    }


def find_url(name: str) -> str:
    """Where pages find an asset, by its content."""
    return f"/assets/{name}?v={load_assets()[name].version}"
