"""API keys: how they are created, stored, found and revoked."""

from __future__ import annotations

import errno
import hashlib
import hmac
import json
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from leadledger.api.cli.commands import cli
from leadledger.api.service import keys
from leadledger.api.service.keys import KEY_FILE, KEY_PATTERN, Keyring
from leadledger.scoring.errors import KeyFileError

NOW = datetime(2026, 1, 31, 9, tzinfo=UTC)


def run(*words: object) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(cli, ["keys", *map(str, words)], catch_exceptions=False)


def test_a_key_is_kept_as_its_digest(tmp_path: Path) -> None:
    """The file has the digest of the key, not the key, and only its owner can read it."""
    key, text = keys.add(tmp_path, "crm", ("read", "score", "read"), NOW)
    kept = (tmp_path / KEY_FILE).read_text()
    assert KEY_PATTERN.fullmatch(text)
    assert text not in kept
    assert text[12:] not in kept
    assert hashlib.sha256(text.encode()).hexdigest() in kept
    assert key.scopes == ("score", "read")
    assert keys.read(tmp_path) == (key,)
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert "sha256" not in key.to_dict()


def test_keys_are_found(tmp_path: Path) -> None:
    """A key is found by its text alone: not by another secret, id or form, and not once it is revoked."""
    (first, first_text), (second, second_text) = (keys.add(tmp_path, name, ("score",), NOW) for name in ("one", "two"))
    by_id = Keyring(tmp_path).by_id
    assert keys.find_key(by_id, first_text) == first
    assert keys.find_key(by_id, second_text) == second
    guesses = [
        "",
        "ll_",
        first.id,
        first.digest,
        first_text[:-1],
        first_text + "A",
        first_text.upper(),
        first_text[:-1] + ("A" if first_text[-1] != "A" else "B"),
        first_text.replace(first.id, second.id),
        first_text.replace(first.id, "00000000"),
        "ll_" + "é" * 52,
    ]
    assert [keys.find_key(by_id, guess) for guess in guesses] == [None] * len(guesses)
    assert keys.revoke(tmp_path, first.id, NOW).revoked == NOW
    assert keys.find_key(Keyring(tmp_path).by_id, first_text) is None
    assert keys.find_key(Keyring(tmp_path).by_id, second_text) == second


def test_keys_are_compared_in_constant_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each key of the right form is compared by `hmac.compare_digest`, one with an unknown id too."""
    key, text = keys.add(tmp_path, "crm", ("score",), NOW)
    compared = []

    def compare(left: str, right: str) -> bool:
        compared.append((len(left), len(right)))
        return left == right

    monkeypatch.setattr(hmac, "compare_digest", compare)
    by_id = Keyring(tmp_path).by_id
    assert keys.find_key(by_id, text) == key
    assert keys.find_key(by_id, text.replace(key.id, "00000000")) is None
    assert compared == [(64, 64)] * 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda home: keys.add(home, "", ("score",), NOW), "'' can't name a key"),
        (lambda home: keys.add(home, "a\nb", ("score",), NOW), "can't name a key"),
        (lambda home: keys.add(home, "a" * 61, ("score",), NOW), "can't name a key"),
        (
            lambda home: keys.add(home, "crm", (), NOW),
            "a key needs at least one scope: score, outcomes, events, read, hooks, admin",
        ),
        (lambda home: keys.add(home, "crm", ("scor",), NOW), "'scor' is not a scope. Did you mean 'score'?"),
        (lambda home: keys.revoke(home, "3f9c01ab", NOW), "no key has the id '3f9c01ab'"),
        (lambda home: keys.revoke(home, f"ll_3f9c01ab_{'x' * 43}", NOW), "that is a whole key; revoke it by its id"),
    ],
)
def test_what_can_t_be_a_key(tmp_path: Path, make: Callable[[Path], object], message: str) -> None:
    """A wrong name, scope or id is refused with what to do, and no secret is repeated."""
    with pytest.raises(KeyFileError, match=r".*") as caught:
        make(tmp_path)
    assert message in str(caught.value)
    assert "xxx" not in str(caught.value)
    assert keys.read(tmp_path) is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: text[:-20],
        lambda text: "[" * 100_000,
        lambda text: "[]",
        lambda text: text.replace('"format": 1', '"format": 2'),
        lambda text: text.replace('"score"', '"everything"'),
        lambda text: text.replace('"sha256": "', '"sha256": "x'),
        lambda text: text.replace("null", '"yesterday"'),
        lambda text: text.replace("null", "0"),
        lambda text: text.replace('"id"', '"ID"'),
        lambda text: json.dumps({"format": 1, "keys": json.loads(text)["keys"] * 2}),
        lambda text: json.dumps({"format": 1, "keys": [None]}),
    ],
)
def test_damage_is_refused(tmp_path: Path, damage: Callable[[str], str]) -> None:
    """A file that is not as we write it is refused as a whole, by commands and by a running service."""
    keys.add(tmp_path, "crm", ("score",), NOW)
    ring, path = Keyring(tmp_path), tmp_path / KEY_FILE
    assert (ring.needed, ring.problem, ring.working) == (True, "", 1)
    whole = path.read_text()
    path.write_text(damage(whole))
    with pytest.raises(KeyFileError, match=r"keys\.json is damaged: .* No key works until you restore the file"):
        keys.add(tmp_path, "other", ("score",), NOW)
    assert ring.look(1.0)
    assert (ring.needed, ring.by_id) == (True, {})
    assert "is damaged" in ring.problem
    path.write_text(whole)
    assert ring.look(2.0)
    assert (ring.problem, ring.working) == ("", 1)


def test_a_lost_file_opens_nothing(tmp_path: Path) -> None:
    """Where keys were needed, they still are when their file is gone; a home without one needs none."""
    ring = Keyring(tmp_path / "nowhere")
    assert (ring.needed, ring.problem, ring.look(1.0)) == (False, "", False)
    keys.add(tmp_path / "nowhere", "crm", ("score",), NOW)
    assert ring.look(2.0)
    assert ring.working == 1
    (tmp_path / "nowhere" / KEY_FILE).unlink()
    assert ring.look(3.0)
    assert (ring.needed, ring.by_id) == (True, {})
    assert ring.problem == (
        f"{tmp_path / 'nowhere' / KEY_FILE} is gone, and there were keys. No key works until you restore the file"
        " from a backup, or create new keys with `leadledger keys add`. If nobody needs a key any more, remove"
        f" {tmp_path / 'nowhere' / '.keys.json.lock'} too and restart the service."
    )


def test_a_start_without_the_lost_file_opens_nothing(tmp_path: Path) -> None:
    """Where only the lock file is left, there were keys: a new process, and the command, say that they are lost.

    A new key mends it; without the lock file, the home never had keys, unless whoever started the process knows better.
    """
    keys.add(tmp_path, "crm", ("score",), NOW)
    (tmp_path / KEY_FILE).unlink()
    ring = Keyring(tmp_path)
    assert (ring.needed, ring.by_id) == (True, {})
    assert "keys.json is gone, and there were keys." in ring.problem
    listed = run("--home", tmp_path)
    assert (listed.exit_code, listed.stderr.strip()) == (1, ring.problem)
    _, text = keys.add(tmp_path, "new", ("score",), NOW)
    assert ring.look(1.0)
    assert (ring.problem, ring.working) == ("", 1)
    assert keys.find_key(ring.by_id, text) is not None
    (tmp_path / KEY_FILE).unlink()
    (tmp_path / ".keys.json.lock").unlink()
    assert not Keyring(tmp_path).needed
    told = Keyring(tmp_path, needed=True)
    assert (told.needed, told.by_id, "is gone" in told.problem) == (True, {}, True)


def test_what_fails_leaves_no_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home that never had a key is not taken for one whose keys are lost: no failed command leaves the lock file."""
    assert run("revoke", "3f9c01ab", "--home", tmp_path).exit_code == 1

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(keys, "replace_file", fail)
    failed = run("add", "crm", "--scope", "score", "--home", tmp_path)
    assert (failed.exit_code, failed.stderr) == (
        1,
        f"{tmp_path / KEY_FILE} can't be written: No space left on device\n",
    )
    assert [*tmp_path.iterdir()] == []
    assert keys.read(tmp_path) is None


def test_keys_made_at_once_are_all_kept(tmp_path: Path) -> None:
    """Changes at the same moment wait for each other: none is lost, and nothing but the keys and the lock is left."""
    with ThreadPoolExecutor(8) as makers:
        made = [key for key, _ in makers.map(lambda at: keys.add(tmp_path, f"k{at}", ("score",), NOW), range(40))]
    assert {key.id for key in keys.read(tmp_path) or ()} == {key.id for key in made}
    assert {path.name for path in tmp_path.iterdir()} == {KEY_FILE, f".{KEY_FILE}.lock"}


def test_home_that_can_t_be(tmp_path: Path) -> None:
    """A home that can't be created gives a message, not a traceback."""
    (tmp_path / "home").write_text("")
    assert "keys can't be kept in" in run("add", "crm", "--scope", "score", "--home", tmp_path / "home").output


def test_command(tmp_path: Path) -> None:
    """`keys add` prints only the key on stdout, the list has no secret, and a revoked key stays in it."""
    assert "There is no key yet" in run("--home", tmp_path).output
    done = run("add", "crm", "--scope", "score", "--scope", "read", "--home", tmp_path)
    text = done.stdout.strip()
    shape = KEY_PATTERN.fullmatch(text)
    assert shape
    assert done.stderr == f"Key {shape[1]} (crm) may: score, read. It is not shown again.\n"
    second = json.loads(run("--home", tmp_path, "add", "ops", "--scope", "admin", "--json").stdout)
    assert KEY_PATTERN.fullmatch(second["key"])
    assert (second["name"], second["scopes"], second["revoked"]) == ("ops", ["admin"], None)
    assert run("revoke", second["id"], "--home", tmp_path).output == f"Key {second['id']} (ops) is revoked.\n"
    assert run("revoke", second["id"], "--home", tmp_path).exit_code == 0
    listed = run("--home", tmp_path).output
    assert [line.split()[0] for line in listed.splitlines()] == [shape[1], second["id"]]
    assert "revoked" in listed.splitlines()[1]
    listing = json.loads(run("--home", tmp_path, "--json").output)
    assert [key["name"] for key in listing["keys"]] == ["crm", "ops"]
    for secret in (text, second["key"]):
        assert secret[12:] not in listed + json.dumps(listing)
    wrong = run("add", "crm", "--home", tmp_path)
    assert (wrong.exit_code, wrong.stdout) == (1, "")
    assert "a key needs at least one scope" in wrong.stderr
