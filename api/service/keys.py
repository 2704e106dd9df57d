"""API keys: a key identifies the caller, and its scopes say what it may do.

    home/keys.json, readable by its owner only:
    {"format": 1, "keys": [{"id": "3f9c01ab", "name": "crm", "scopes": ["score"],
                            "created": "2026-01-31T09:00:00+00:00", "revoked": null, "sha256": "…"}]}

A key is `ll_<id>_<secret>`: scanners for leaked secrets find it by its prefix, and the id finds its digest. The key is
shown once, when it is created; the file holds its SHA-256. The secret has 256 random bits, so a plain digest is enough:
nobody can try all such secrets.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from leadledger.models.durable_files import replace_file
from leadledger.models.locked_file import lock_file
from leadledger.scoring.errors import KeyFileError, did_you_mean

Scope: TypeAlias = Literal["score", "outcomes", "events", "read", "hooks", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
KEY_FILE = "keys.json"  # in the home
KEY_FILE_FORMAT = 1
_LOCK_FILE = f".{KEY_FILE}.lock"  # beside it, from the first key on
KEY_PATTERN = re.compile(r"ll_([0-9a-f]{8})_[A-Za-z0-9_-]{43}")

_ID_PATTERN = re.compile(r"[0-9a-f]{8}")
_DIGEST_PATTERN = re.compile(r"[0-9a-f]{64}")
_NAME_PATTERN = re.compile(r"[^\W_][\w .@-]{0,59}")
_NO_DIGEST = "0" * 64  # an unknown id is compared with this, so that its refusal takes as long as a wrong secret


@dataclass(frozen=True, slots=True)
class Key:
    """A key as the file holds it. `digest`: the SHA-256 of its text, in hexadecimal; `revoked`: when, or None."""

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


def find_key(keys: dict[str, Key], text: str) -> Key | None:
    """The key with this text, out of keys by id; None if there is none, or it is revoked.

    Digests are compared in constant time, and an unknown id takes as long as a wrong secret.
    """
    match = KEY_PATTERN.fullmatch(text)
    if match is None:
        return None
    key = keys.get(match[1])
    digest = hashlib.sha256(text.encode()).hexdigest()
    is_same = hmac.compare_digest(digest, _NO_DIGEST if key is None else key.digest)
    return key if is_same and key is not None and key.revoked is None else None


def read(home: Path) -> Keys | None:
    """The keys of a home, oldest first; None where none was ever created. Raises KeyFileError, also if they are lost.

    Creating a key leaves a lock file beside the keys: where only that is left, there were keys.
    """
    keys = _read_file(home / KEY_FILE)
    if keys is None and (home / _LOCK_FILE).exists():
        raise _lost(home)
    return keys


def _read_file(path: Path) -> Keys | None:
    """The keys in a file; None where it does not exist."""
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise KeyFileError(f"{path} can't be read: {error.strerror or error}") from None
    except (ValueError, RecursionError):
        raise _damaged(path, "it is not JSON") from None
    if (
        not isinstance(content, dict)
        or content.get("format") != KEY_FILE_FORMAT
        or not isinstance(content.get("keys"), list)
    ):
        raise _damaged(path, f"it is not a list of keys in format {KEY_FILE_FORMAT}")
    keys = tuple(_read_key(path, number, entry) for number, entry in enumerate(content["keys"], 1))
    if len({key.id for key in keys}) < len(keys):
        raise _damaged(path, "it holds an id twice")
    return keys


def _read_key(path: Path, number: int, entry: Any) -> Key:
    """One key of the file. Refuses whatever we would not write: the file is trusted as a whole or not at all."""
    try:
        key = Key(
            entry["id"],
            entry["name"],
            tuple(entry["scopes"]),
            datetime.fromisoformat(entry["created"]),
            None if entry["revoked"] is None else datetime.fromisoformat(entry["revoked"]),
            entry["sha256"],
        )
        is_sound = (
            _ID_PATTERN.fullmatch(key.id)
            and _NAME_PATTERN.fullmatch(key.name)
            and key.scopes
            and set(key.scopes) <= set(SCOPES)
            and isinstance(entry["scopes"], list)
            and _DIGEST_PATTERN.fullmatch(key.digest)
        )
    except (KeyError, TypeError, ValueError):
        is_sound = None
    if not is_sound:
        raise _damaged(path, f"its key {number} is not as `leadledger keys` writes it")
    return key


def _damaged(path: Path, reason: str) -> KeyFileError:
    return KeyFileError(
        f"{path} is damaged: {reason}. No key works until you restore the file from a backup, or remove it and create"
        " new keys with `leadledger keys add`."
    )


def _lost(home: Path) -> KeyFileError:
    return KeyFileError(
        f"{home / KEY_FILE} is gone, and there were keys. No key works until you restore the file from a backup, or"
        " create new keys with `leadledger keys add`. If nobody needs a key any more, remove"
        f" {home / _LOCK_FILE} too and restart the service."
    )


def add(home: Path, name: str, scopes: tuple[str, ...], now: datetime) -> tuple[Key, str]:
    """Create a key. Returns it with its text, which is kept nowhere. Raises KeyFileError for a wrong name or scope."""
    if not _NAME_PATTERN.fullmatch(name):
        raise KeyFileError(
            f"{name!r} can't name a key: start with a letter or a digit, then use at most 59 letters, digits, '.', '@',"
            " '-', '_' or spaces"
        )
    if not scopes:
        raise KeyFileError(f"a key needs at least one scope: {', '.join(SCOPES)}")
    for scope in scopes:
        if scope not in SCOPES:
            raise KeyFileError(f"{scope!r} is not a scope.{did_you_mean(scope, SCOPES)}")
    with _changing(home) as keys:
        taken = {key.id for key in keys}
        key_id = secrets.token_hex(4)
        while key_id in taken:
            key_id = secrets.token_hex(4)
        text = f"ll_{key_id}_{secrets.token_urlsafe(32)}"
        ordered = tuple(scope for scope in SCOPES if scope in scopes)
        key = Key(key_id, name, ordered, now, None, hashlib.sha256(text.encode()).hexdigest())
        _write(home, (*keys, key))
    return key, text


def revoke(home: Path, key_id: str, now: datetime) -> Key:
    """Revoke a key by its id; it stays in the list. A second time changes nothing. Raises KeyFileError if unknown."""
    if KEY_PATTERN.fullmatch(key_id):
        raise KeyFileError("that is a whole key; revoke it by its id, the eight characters after `ll_`")
    if read(home) is None:  # nor is a lock left, which would say that there were keys
        raise _unknown(key_id)
    with _changing(home) as keys:
        by_id = {key.id: key for key in keys}
        if key_id not in by_id:
            raise _unknown(key_id)
        if by_id[key_id].revoked is None:
            by_id[key_id] = replace(by_id[key_id], revoked=now)
            _write(home, tuple(by_id.values()))
    return by_id[key_id]


def _unknown(key_id: str) -> KeyFileError:
    return KeyFileError(f"no key has the id {key_id!r}; `leadledger keys` lists them")


@contextmanager
def _changing(home: Path) -> Iterator[Keys]:
    """The keys, locked against changes by others. The lock file stays: it proves that there were keys."""
    path = home / _LOCK_FILE
    with ExitStack() as held:
        try:
            home.mkdir(parents=True, exist_ok=True)
            is_first = not path.exists()
            held.enter_context(lock_file(path))
        except OSError as error:
            raise KeyFileError(f"keys can't be kept in {home}: {error.strerror or error}") from None
        try:
            yield _read_file(home / KEY_FILE) or ()
        except KeyFileError:
            if is_first and not (home / KEY_FILE).exists():  # the first key could not be written
                path.unlink(missing_ok=True)
            raise


def _write(home: Path, keys: Keys) -> None:
    """Replace the file; only its owner can read it from the first byte on."""
    content = {"format": KEY_FILE_FORMAT, "keys": [key.to_dict() | {"sha256": key.digest} for key in keys]}
    path = home / KEY_FILE
    try:
        replace_file(path, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode(), 0o600)
    except OSError as error:
        raise KeyFileError(f"{path} can't be written: {error.strerror or error}") from None


class Keyring:
    """The keys of a home as a running process sees them; it notices a changed file within `LOOK_INTERVAL` seconds.

    Where no key was ever created, none is needed. Once there was one, the loss of the file is damage: it never opens
    the service again. While the file is damaged, `problem` says how, and no key works. `needed`: keys were needed when
    the process that started this one looked.
    """

    LOOK_INTERVAL = 1.0  # seconds between looks at the file; a look costs a microsecond or two

    def __init__(self, home: Path, *, needed: bool = False) -> None:
        self._home = home
        self._path = home / KEY_FILE
        self._seen: tuple[int, ...] | None = None
        self.next_look = 0.0  # on the monotonic clock
        self.needed = needed
        self.problem = ""
        self.by_id: dict[str, Key] = {}
        self.look(0.0)

    def look(self, now: float) -> bool:
        """Read the file again if it has changed. Returns whether it has. `now` is a time of the monotonic clock."""
        self.next_look = now + self.LOOK_INTERVAL
        try:
            stat = os.stat(self._path)
            seen: tuple[int, ...] = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
        except FileNotFoundError:
            seen = ()
        except OSError:
            seen = (-1,)  # reading it reports why
        if seen == self._seen:
            return False
        self._seen = seen
        try:
            keys = read(self._home)
            if keys is None and self.needed:
                raise _lost(self._home)
        except KeyFileError as error:
            self.needed, self.problem, self.by_id = True, str(error), {}
            return True
        self.needed, self.problem = keys is not None, ""
        self.by_id = {key.id: key for key in keys or ()}
        return True

    @property
    def working(self) -> int:
        """The number of keys that are not revoked."""
        return sum(key.revoked is None for key in self.by_id.values())
