"""Training, recalibration, back-tests and checks of a history that can't be believed: stopped, or said."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from leadledger.models.releases.store import Releases
from tests.command_line import run
from tests.training.crm_history import CARD, make_history, put, repeat, spoil

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("few_bags")]  # each learns from a history


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """The card of the histories."""
    path = tmp_path / "card.yaml"
    path.write_text(CARD)
    return path


def write(folder: Path, frame: pd.DataFrame, name: str = "history.csv") -> Path:
    """A history as a file."""
    frame.to_csv(folder / name, index=False)
    return folder / name


def test_no_release_comes_of_a_doubtful_history(card: Path, tmp_path: Path) -> None:
    """Training stops before there is a home; accepted, the proof stands in the text, in JSON and in the report."""
    data, home = write(tmp_path, spoil(0.5, won=True)(make_history())), tmp_path / "home"
    stopped = run("train", card, data, "--home", home)
    assert (stopped.exit_code, stopped.stdout, home.exists()) == (1, "", False)
    assert "111 of 900 rows can't be read (need: 'glowing' is not one of" in stopped.stderr
    done = run("train", card, data, "--home", home, "--accept-left-out", "--json")
    answer = json.loads(done.stdout)
    assert (done.exit_code, answer["current"]) == (0, True)
    assert "111 of them (100.0%) became opportunities" in " ".join(answer["notes"])
    assert "111 of them (100.0%) became opportunities" in (
        home / "releases" / answer["release"] / "report.html"
    ).read_text("utf-8")


def test_a_base_rate_moves_by_plausible_days_only(card: Path, tmp_path: Path) -> None:
    """A mistyped year is left out and said; a list of unread winners moves nothing, and compares nothing."""
    home = tmp_path / "home"
    assert run("train", card, write(tmp_path, make_history()), "--home", home).exit_code == 0
    moved = [
        json.loads(run("recalibrate", write(tmp_path, frame), "--home", home, "--json").stdout)
        for frame in (make_history(), put("created", "2062-03-14")(make_history()))
    ]
    assert abs(moved[0]["after"] - moved[1]["after"]) < 0.002
    assert moved[1]["metrics"]["counts"]["future"] == 1
    assert "row 51: 2062-03-14" in moved[1]["notes"][0]
    current = Releases(home).current()
    bad = write(tmp_path, spoil(0.5, won=True)(make_history()))
    for words in (("recalibrate", bad), ("backtest", card, card, bad)):
        stopped = run(*words, "--home", home)
        assert (stopped.exit_code, stopped.stdout) == (1, "")
        assert "recalibration stopped" in stopped.stderr or "the back-test stopped" in stopped.stderr
    assert Releases(home).current() == current


def test_repeated_leads_learn_and_promise_the_same(card: Path, tmp_path: Path) -> None:
    """What is learned of a history in which each lead stands three times is what is learned of each lead once."""
    learned = []
    for name, frame in (("once", make_history()), ("thrice", repeat(make_history()))):
        home = tmp_path / name
        answer = json.loads(run("train", card, write(tmp_path, frame), "--home", home, "--json").stdout)
        learned.append((home / "releases" / answer["release"] / "learned.json").read_bytes())
        assert answer["metrics"]["counts"]["repeated"] == len(frame) - 900
    assert learned[0] == learned[1]


def test_check_says_what_training_would_say(card: Path, tmp_path: Path) -> None:
    """A history is examined by `check` too."""
    data = write(tmp_path, put("created", "2062-03-14")(spoil(0.5, won=True)(make_history())))
    text = " ".join(run("check", card, data).stdout.split())
    assert "1 row has a day in the future in 'created' (row 51: 2062-03-14)" in text
    assert "Training would stop: 111 of 900 rows can't be read" in text
