"""`leadledger train`: what it refuses, and what it does without enough outcomes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from leadledger.models.releases.store import Releases
from tests.command_line import BAD_DATA, run


def with_outcome(card: Path) -> Path:
    """The small card, which learns from a column `became`."""
    text = card.read_text().replace("won: {kind: flag}", "won: {kind: flag, learn: no}")  # no history has it
    card.write_text(text + "outcome: {became: {field: became, kind: flag}}\n")
    return card


@pytest.mark.parametrize("name", BAD_DATA)
def test_bad_data_is_refused_by_train(small: Path, tmp_path: Path, name: str) -> None:
    """A clear message on stderr, nothing on stdout, status 1, and no release."""
    content, message = BAD_DATA[name]
    data = tmp_path / "history.csv"
    data.write_bytes(content)
    done = run("train", with_outcome(small), data, "--home", tmp_path / "home")
    assert (done.exit_code, done.stdout) == (1, "")
    assert message in done.stderr
    assert not (tmp_path / "home").exists()


def test_a_card_without_an_outcome_can_not_be_trained(small: Path, tmp_path: Path) -> None:
    """The message shows the line to add."""
    data = tmp_path / "history.csv"
    data.write_text("need\nclear\n")
    done = run("train", small, data, "--home", tmp_path / "home")
    assert done.exit_code == 1
    assert "add for example `outcome: {became: {field: won, kind: flag}}`" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (["clear,1"] * 50 + ["vague,0"] * 30, "80 leads have an outcome, fewer than the 100 that the card asks for"),
        (["clear,1"] * 150, "all 150 leads ended alike: every lead became an opportunity"),
        (["vague,0"] * 150, "all 150 leads ended alike: no lead became an opportunity"),
        (["clear,1"] * 3 + ["vague,0"] * 150, "3 of 153 leads became opportunities; at least 10 of either kind"),
        (["clear,"] * 5, "no lead of the history has an outcome that can be judged yet"),
    ],
)
def test_without_enough_outcomes_rules_alone_are_released(
    small: Path, tmp_path: Path, rows: list[str], why: str
) -> None:
    """The release works, and the command says plainly that nothing was learned, and why."""
    data, home = tmp_path / "history.csv", tmp_path / "home"
    data.write_text("\n".join(["need,became", *rows, ""]))
    done = run("train", with_outcome(small), data, "--home", home)
    assert done.exit_code == 0
    assert " ".join(done.stdout.split()).count(f"Rules alone, nothing was learned: {why}") == 1
    explained = json.loads(run("explain", "-", "--home", home, "--json", stdin='{"need": "clear"}').stdout)
    assert (explained["points"], explained["release"] != "") == (60.0, True)


@pytest.mark.slow
def test_a_draft_is_not_served(small: Path, tmp_path: Path) -> None:
    """`--draft` makes a release that is not the current one, and says how to make it so."""
    data, home = tmp_path / "history.csv", tmp_path / "home"
    data.write_text("\n".join(["need,became", *["clear,1", "vague,0"] * 20, ""]))
    done = run("train", with_outcome(small), data, "--home", home, "--draft")
    (name,) = Releases(home).names()
    assert Releases(home).current() is None
    assert f"Release {name} is made, as a draft; `leadledger releases use {name}` makes it current." in done.stdout


@pytest.mark.slow
def test_a_first_training_without_a_signal(small: Path, tmp_path: Path) -> None:
    """Fields that tell nothing of the outcome: the first sentence says so, and the release isn't made current."""
    data, home = tmp_path / "history.csv", tmp_path / "home"
    rows = [f"{'clear' if number % 2 else 'vague'},{int(number % 10 < 4)}" for number in range(300)]
    data.write_text("\n".join(["need,became", *rows, ""]))
    done = run("train", with_outcome(small), data, "--home", home)
    assert done.exit_code == 0
    first = " ".join(done.stdout.split("\n\n")[0].split())
    assert re.match(
        r"Release \S+ is made, and held back: on \d+ leads that it had not seen, its forecast is no better than the"
        r" base rate of the history, 40\.0%, beyond what chance does \(log-loss 0\.\d+ against 0\.\d+\); the fields and"
        r" rules tell nothing of the outcome that could be relied on\.",
        first,
    )
    releases = Releases(home)
    assert releases.current() is None
    assert [release.note for release in releases.list()] == ["held back"]
