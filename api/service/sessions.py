"""Sessions of people in a browser: who has signed in with which key, and until when.

    home/sessions.json, readable by its owner only:
    {"format": 1, "sessions": [{"sha256": "…", "key": "3f9c01ab", "expires": "2026-01-31T21:00:00+00:00"}]}

A session is a random text of 256 bits in a cookie; the file holds its digest, as it does for keys. All workers share
the file, so a sign-in counts in each of them at once, and so does its end. A session ends with its key.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from leadledger.models.durable_files import replace_file
from leadledger.models.locked_file import lock_file

SESSION_FILE = "sessions.json"  # in the home
SESSION_LENGTH = timedelta(hours=12)  # a working day; then people sign in again
MOST_SESSIONS_PER_KEY = 50  # the oldest ends when there is one more

_FORMAT = 1
_LOCK_FILE = f".{SESSION_FILE}.lock"


@dataclass(frozen=True, slots=True)
class Session:
    """A session as the file holds it: the SHA-256 of its text, the id of its key, and when it ends."""

    digest: str
    key: str
    expires: datetime

    def to_dict(self) -> dict[str, str]:
        """Flat JSON."""
        return {"sha256": self.digest, "key": self.key, "expires": self.expires.isoformat()}


SessionsByDigest = dict[str, Session]


class Sessions:
    """The sessions of a home as a running process sees them. A damaged file holds none: all sign in again."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._path = home / SESSION_FILE
        self._seen: tuple[int, ...] | None = None
        self._by_digest: SessionsByDigest = {}

    def find_key(self, text: str, now: datetime) -> str | None:
        """The id of the key that a session began with; None where it is unknown or over."""
        self._look()
        session = self._by_digest.get(_digest(text))
        return session.key if session is not None and now < session.expires else None

    def start(self, key: str, now: datetime) -> str:
        """Start a session of a key, and return its text, which is kept nowhere. Raises OSError."""
        text = secrets.token_urlsafe(32)
        session = Session(_digest(text), key, now + SESSION_LENGTH)

        def add(sessions: SessionsByDigest) -> SessionsByDigest:
            running = [kept for kept in sessions.values() if now < kept.expires]
            same_key = sorted((kept for kept in running if kept.key == key), key=lambda kept: kept.expires)
            ended = {kept.digest for kept in same_key[: max(0, len(same_key) + 1 - MOST_SESSIONS_PER_KEY)]}
            return {kept.digest: kept for kept in [*running, session] if kept.digest not in ended}

        self._change(add)
        return text

    def end(self, text: str) -> None:
        """End a session, if there is one. Raises OSError."""
        digest = _digest(text)
        self._change(lambda sessions: {name: kept for name, kept in sessions.items() if name != digest})

    def end_all(self, key: str) -> None:
        """End all sessions of a key: sign out everywhere. Raises OSError."""
        self._change(lambda sessions: {name: kept for name, kept in sessions.items() if kept.key != key})

    def _change(self, change: Callable[[SessionsByDigest], SessionsByDigest]) -> None:
        """Write the file anew, unless nothing changes."""
        self._home.mkdir(parents=True, exist_ok=True)
        with lock_file(self._home / _LOCK_FILE):
            sessions = _read(self._path)
            changed = change(sessions)
            if changed != sessions:
                content = {"format": _FORMAT, "sessions": [session.to_dict() for session in changed.values()]}
                replace_file(self._path, (json.dumps(content, indent=1) + "\n").encode(), 0o600)

    def _look(self) -> None:
        """Read the file if it has changed: a look costs a microsecond or two."""
        try:
            stat = os.stat(self._path)
            seen: tuple[int, ...] = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
        except OSError:
            seen = ()
        if seen != self._seen:
            self._by_digest, self._seen = _read(self._path), seen


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def _read(path: Path) -> SessionsByDigest:
    try:
        content = json.loads(path.read_bytes())
        if content["format"] != _FORMAT:
            return {}
        sessions = [
            Session(str(entry["sha256"]), str(entry["key"]), datetime.fromisoformat(entry["expires"]).astimezone(UTC))
            for entry in content["sessions"]
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    return {session.digest: session for session in sessions}
