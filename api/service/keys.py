"""API keys: who may call the service, and what for.

    home/keys.json, readable by its owner only:
    {"format": 1, "keys": [{"id": "3f9c01ab", "name": "crm", "scopes": ["score"],
                            "created": "2026-01-31T09:00:00+00:00", "revoked": null, "sha256": "…"}]}

A key is `ll_<id>_<secret>`: the prefix lets scanners for leaked secrets find it, the id finds its digest. It is shown
once, when it is made; the file holds the SHA-256 of the whole of it. The secret has 256 random bits, so that a plain
digest is enough: there is no dictionary of such secrets to try.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from leadledger.scoring.errors import KeyFileError, did_you_mean

SCOPES = ("score", "outcomes", "read", "admin")
KEY_FILE = "keys.json"
EPOCH = datetime.fromtimestamp(0, UTC)
KEY_FILE_FORMAT = 1
KEY_PATTERN = re.compile(r"ll_([0-9a-f]{8})_[A-Za-z0-9_-]{43}")

_ID = re.compile(r"[0-9a-f]{8}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[^\W_][\w .@-]{0,59}")
_NOBODY = "0" * 64  # what a key with an unknown id is compared with, so that its refusal takes as long


@dataclass(frozen=True, slots=True)
class Key:
    """A key as it is kept. `digest`: the SHA-256 of its text, in hexadecimal; `revoked`: when, or None."""

    id: str
    name: str
    scopes: tuple[str, ...]
    created: datetime
    revoked: datetime | None
    digest: str

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON, without the digest."""
        return {
            "id": self.id,
            "name": self.name,
            "scopes": [*self.scopes],
            "created": self.created.isoformat(),
            "revoked": None if self.revoked is None else self.revoked.isoformat(),
        }


Keys = tuple[Key, ...]


def find_key(keys: dict[str, Key], claimed: str) -> Key | None:
    """The key that a caller claims to have, out of those by id; None if it is none of them, or revoked.

    Digests are compared in constant time, and an unknown id takes as long as a wrong secret.
    """
    shape = KEY_PATTERN.fullmatch(claimed)
    if shape is None:
        return None
    found = keys.get(shape[1])
    digest = hashlib.sha256(claimed.encode()).hexdigest()
    same = hmac.compare_digest(digest, _NOBODY if found is None else found.digest)
    return found if same and found is not None and found.revoked is None else None


def read(home: Path) -> Keys | None:
    """The keys of a home, oldest first; None where none was ever made. Raises KeyFileError."""
    path = home / KEY_FILE
    try:
        said = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise KeyFileError(f"{path} can't be read: {error.strerror or error}") from None
    except (ValueError, RecursionError):
        raise _damaged(path, "it is not JSON") from None
    if not isinstance(said, dict) or said.get("format") != KEY_FILE_FORMAT or not isinstance(said.get("keys"), list):
        raise _damaged(path, f"it is not a list of keys in format {KEY_FILE_FORMAT}")
    found = tuple(_key(path, at, one) for at, one in enumerate(said["keys"], 1))
    if len({one.id for one in found}) < len(found):
        raise _damaged(path, "an id stands there twice")
    return found


def _key(path: Path, at: int, said: Any) -> Key:
    """One key of the file. Whatever is not as we write it is refused: half of a file of keys is not to be trusted."""
    try:
        found = Key(
            said["id"],
            said["name"],
            tuple(said["scopes"]),
            datetime.fromisoformat(said["created"]),
            None if said["revoked"] is None else datetime.fromisoformat(said["revoked"]),
            said["sha256"],
        )
        sound = (
            _ID.fullmatch(found.id)
            and _NAME.fullmatch(found.name)
            and found.scopes
            and set(found.scopes) <= set(SCOPES)
            and isinstance(said["scopes"], list)
            and _DIGEST.fullmatch(found.digest)
        )
    except (KeyError, TypeError, ValueError):
        sound = None
    if not sound:
        raise _damaged(path, f"its key {at} is not as `leadledger keys` writes it")
    return found


def _damaged(path: Path, why: str) -> KeyFileError:
    return KeyFileError(
        f"{path} is damaged: {why}. No key is taken until it is mended: put it back from a copy,"
        " or remove it and make new keys with `leadledger keys add`."
    )


def add(home: Path, name: str, scopes: tuple[str, ...], now: datetime) -> tuple[Key, str]:
    """Make a key; it comes back with its text, which is kept nowhere. Raises KeyFileError for a wrong name or scope."""
    if not _NAME.fullmatch(name):
        raise KeyFileError(
            f"{name!r} can't name a key: write a letter or a digit, then at most 59 letters, digits, '.', '@', '-', '_'"
            " or spaces"
        )
    if not scopes:
        raise KeyFileError(f"a key needs at least one scope: {', '.join(SCOPES)}")
    for one in scopes:
        if one not in SCOPES:
            raise KeyFileError(f"{one!r} is no scope.{did_you_mean(one, SCOPES)}")
    with _changing(home) as kept:
        taken = {one.id for one in kept}
        identity = secrets.token_hex(4)
        while identity in taken:
            identity = secrets.token_hex(4)
        text = f"ll_{identity}_{secrets.token_urlsafe(32)}"
        ordered = tuple(one for one in SCOPES if one in scopes)
        key = Key(identity, name, ordered, now, None, hashlib.sha256(text.encode()).hexdigest())
        _write(home, (*kept, key))
    return key, text


def revoke(home: Path, identity: str, now: datetime) -> Key:
    """Revoke a key by its id; it stays in the list. Again does nothing. Raises KeyFileError for an unknown id."""
    if KEY_PATTERN.fullmatch(identity):
        raise KeyFileError("that is a whole key; revoke it by its id, the eight signs after `ll_`")
    with _changing(home) as kept:
        by_id = {one.id: one for one in kept}
        if identity not in by_id:
            raise KeyFileError(f"no key has the id {identity!r}; `leadledger keys` lists them")
        if by_id[identity].revoked is None:
            by_id[identity] = replace(by_id[identity], revoked=now)
            _write(home, tuple(by_id.values()))
    return by_id[identity]


@contextmanager
def _changing(home: Path) -> Iterator[Keys]:
    """The keys, while nobody else changes them."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock = os.open(home / f".{KEY_FILE}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise KeyFileError(f"keys can't be kept in {home}: {error.strerror or error}") from None
    try:
        if sys.platform != "win32":
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)  # let go with the descriptor, also by a process that is killed
        yield read(home) or ()
    finally:
        os.close(lock)


def _write(home: Path, keys: Keys) -> None:
    """Replace the file by a whole new one, which only its owner can read from its first byte on."""
    said = {"format": KEY_FILE_FORMAT, "keys": [one.to_dict() | {"sha256": one.digest} for one in keys]}
    path, part = home / KEY_FILE, home / f".{KEY_FILE}.{secrets.token_hex(4)}"
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(json.dumps(said, indent=1, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise KeyFileError(f"{path} can't be written: {error.strerror or error}") from None


class Keyring:
    """The keys of a home as a running process sees them; it notices a changed file within `LOOK_INTERVAL` seconds.

    Without a file, no key is needed. Once there was one, its loss is damage: it never opens the service again. While
    the file is damaged, `problem` says how, and no key works.
    """

    LOOK_INTERVAL = 1.0  # seconds between looks at the file; a look costs a microsecond or two

    def __init__(self, home: Path) -> None:
        self._home = home
        self._path = home / KEY_FILE
        self._seen: tuple[int, ...] | None = None
        self.next = 0.0  # the time of the next look
        self.needed = False
        self.problem = ""
        self.by_id: dict[str, Key] = {}
        self.look(0.0)

    def look(self, now: float) -> bool:
        """Read the file again if it has changed; says whether it has. `now` is a time of the monotonic clock."""
        self.next = now + self.LOOK_INTERVAL
        try:
            found = os.stat(self._path)
            seen: tuple[int, ...] = (found.st_ino, found.st_mtime_ns, found.st_size)
        except FileNotFoundError:
            seen = ()
        except OSError:
            seen = (-1,)  # reading it says why
        if seen == self._seen:
            return False
        self._seen = seen
        try:
            kept = read(self._home)
            if kept is None and self.needed:
                raise KeyFileError(f"{self._path} is gone. No key is taken until it is back, or the service restarts.")
        except KeyFileError as error:
            self.needed, self.problem, self.by_id = True, str(error), {}
            return True
        self.needed, self.problem = kept is not None, ""
        self.by_id = {one.id: one for one in kept or ()}
        return True

    @property
    def working(self) -> int:
        """How many keys are not revoked."""
        return sum(one.revoked is None for one in self.by_id.values())
