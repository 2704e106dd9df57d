"""`leadledger release`: a card goes live as it stands."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from leadledger.models.releases.store import Releases
from tests.command_line import run
from tests.models.releases.release_examples import publish


def release(card: Path, home: Path, *options: str) -> dict[str, object]:
    """What the command reports as JSON."""
    report: dict[str, object] = json.loads(run("release", card, "--home", home, "--json", *options).stdout)
    return report


def test_a_card_goes_live_in_one_command(small: Path, tmp_path: Path) -> None:
    """Without an outcome and without data; leads are scored by it at once."""
    home = tmp_path / "home"
    released = release(small, home)
    assert (released["current"], released["held_back"]) == (True, "")
    explained = json.loads(run("explain", "-", "--home", home, "--json", stdin='{"need": "clear"}').stdout)
    assert (explained["points"], explained["release"]) == (60.0, released["release"])


def test_what_it_says(small: Path, tmp_path: Path) -> None:
    """It says what the release can't do yet."""
    small.write_text(
        small.read_text()
        + "stages: [{name: lead}, {name: opportunity, probability: {precision: 0.5}}, {name: won, points: 90}]\n"
    )
    done = run("release", small, "--home", tmp_path / "home")
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    assert " ".join(done.stdout.split()) == (
        f"Release {day}-001 of rules alone is the current one. It shows no probabilities: declare a `base_rate:` in the"
        " card, or train on a history. Until training finds a threshold, criteria alone decide on: opportunity."
    )


def test_a_draft_waits(small: Path, tmp_path: Path) -> None:
    """Nobody serves a draft until it is chosen."""
    home = tmp_path / "home"
    first = release(small, home)["release"]
    draft = release(small, home, "--draft")
    assert (draft["current"], Releases(home).current()) == (False, first)
    run("releases", "use", str(draft["release"]), "--home", home)
    assert Releases(home).current() == draft["release"]


def test_rules_alone_do_not_replace_what_was_learned(small: Path, tmp_path: Path) -> None:
    """A release that has learned stays the current one, unless that is forced."""
    home = tmp_path / "home"
    learned = publish(home)
    held = release(small, home)
    assert (held["current"], Releases(home).current()) == (False, learned)
    reason = f"the current release {learned} has learned from a history, which rules alone forget"
    assert held["held_back"] == reason
    assert release(small, home, "--force")["current"] is True


def test_a_card_whose_cases_fail_is_not_released(small: Path, tmp_path: Path) -> None:
    """A message for each, status 1, and no release."""
    small.write_text(small.read_text().replace("points: 60", "points: 61"))
    done = run("release", small, "--home", tmp_path / "home")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "a card is released when its test cases pass; these fail:" in done.stderr
    assert "expected points 61.0, got 60.0" in done.stderr
    assert not (tmp_path / "home").exists()


def test_the_history_says_who_did_what(small: Path, tmp_path: Path) -> None:
    """`releases history` has a line for each change, and the same as JSON."""
    home = tmp_path / "home"
    assert run("releases", "history", "--home", home).stdout == "No change of the current release is noted yet.\n"
    first, second = release(small, home)["release"], release(small, home)["release"]
    Releases(home).use(str(first), by="Lena")
    changes = json.loads(run("releases", "history", "--home", home, "--json").stdout)["changes"]
    assert [(change["change"], change["release"], change["by"]) for change in changes] == [
        ("published", first, ""),
        ("published", second, ""),
        ("chosen", first, "Lena"),
    ]
    lines = run("releases", "history", "--home", home).stdout.splitlines()
    assert lines[1] == f"{changes[1]['at'][:16]}  published  {second}  -  rules alone"
    assert lines[2] == f"{changes[2]['at'][:16]}  chosen     {first}  Lena"
    assert lines[4] == "Times are in UTC; - stands for the command line, or a service without keys"
