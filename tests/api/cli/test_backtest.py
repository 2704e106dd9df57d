"""`leadledger backtest`: what it prints and writes, and what it refuses."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from leadledger.api.cli.commands import cli
from leadledger.models.releases.store import Releases
from leadledger.scoring.scorecard import Learned

CARD = """
name: small
fields:
  n: {kind: number}
  met: {kind: date}
rules:
  - {name: big, when: n >= 5, points: 20, reason: Big}
stages: [{name: lead}, {name: opportunity, points: 65}]
outcome: {became: {field: won_on, kind: date}, since: met, within: 30 days}
"""
HISTORY = """n,met,won_on
1,2026-01-01,
5,2026-01-01,2026-01-09
6,2026-01-01,
7,2026-03-01,
"""


def run(*words: object) -> Result:
    """Run the command in this process; anything but a refusal or wrong usage is raised."""
    return CliRunner().invoke(cli, ["backtest", *(str(word) for word in words)], catch_exceptions=False)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    """An old card, a new one whose rule asks for more, and a history whose last lead is too young."""
    old, new, history = (tmp_path / name for name in ("old.yaml", "new.yaml", "history.csv"))
    old.write_text(CARD)
    new.write_text(CARD.replace("n >= 5", "n >= 6"))
    history.write_text(HISTORY)
    return old, new, history


def test_it_says_what_would_have_changed(files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    """The counts, the threshold, the edit and the notes; the leads that change go to a file."""
    out = tmp_path / "changes.csv"
    done = run(*files, "--home", tmp_path / "home", "-o", out)
    assert done.exit_code == 0
    assert done.output.splitlines() == [
        "1 of 3 leads (33.3%) change grade or recommendation, by rules as declared.",
        "",
        "                                                   leads    became one",
        "  recommendation promote → nurture                     1      1 (100%)",
        "  grade A → B                                          1      1 (100%)",
        "",
        "Promotion to opportunity, of leads that meet its criteria, wherever they stand",
        "",
        "                                           old card                   new card",
        "  threshold                             65.0 points                65.0 points",
        "  promoted                                        2                          1",
        "  precision                   50.0% (1.3% to 98.7%)       0.0% (0.0% to 97.5%)",
        "  recall                    100.0% (2.5% to 100.0%)       0.0% (0.0% to 97.5%)",
        "",
        "Only the new card promotes 0.",
        "Only the old card promotes 1, 1 of them opportunities.",
        "",
        "Which edit is responsible. Alone: changed leads that the edit changes by itself;",
        "needed: changed leads that would not change without it.",
        "                                                                 alone    needed",
        "  rule big                                                           1         1",
        "    when: n >= 5 → n >= 6",
        "",
        "Left out, of 4 rows: 1 too young to judge.",
        "Rules count as declared: no learned points are applied.",
        f"The leads that change: {out}",
    ]
    assert pd.read_csv(out)[["row", "old_points", "new_points", "became_opportunity"]].to_dict("records") == [
        {"row": 2, "old_points": 70.0, "new_points": 50.0, "became_opportunity": "yes"}
    ]


def test_a_release_of_the_card_is_applied(files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    """What the current release has learned counts in both cards; `--rules-alone` leaves it out."""
    name = Releases(tmp_path / "home").publish(
        CARD, Learned(0.2, trust=0.5), metrics={}, provenance={}, created=datetime(2026, 7, 1, tzinfo=UTC)
    )
    result = json.loads(run(*files, "--home", tmp_path / "home", "--json").output)
    # With half of its points the rule brings nobody over the line: 60, and its grade stays B.
    assert (result["release"], result["changed"], result["at_the_line"]["old"]["volume"]) == (name, 0, 0)
    result = json.loads(run(*files, "--home", tmp_path / "home", "--rules-alone", "--json").output)
    assert (result["release"], result["changed"], result["at_the_line"]["old"]["volume"]) == ("", 1, 2)
    assert run(*files, "--rules-alone", "--release", name).exit_code == 2


def test_the_day_of_the_history(files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    """Taken a month later, the last lead can be judged too."""
    result = json.loads(run(*files, "--home", tmp_path, "--as-of", "2026-04-01", "--json").output)
    assert (result["leads"], result["notes"][:-1]) == (4, [])


def test_what_is_refused(files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    """Another outcome, a missing card, a release that isn't there, a folder that isn't there: status 1 and why."""
    old, new, history = files
    new.write_text(CARD.replace("within: 30 days", "within: 60 days"))
    done = run(old, new, history, "--home", tmp_path)
    assert done.exit_code == 1
    assert done.stderr == (
        "the two cards don't predict the same outcome: the old one says won_on (date, within 30 days of met), the new"
        " one won_on (date, within 60 days of met); give both the same `outcome:`\n"
    )
    assert run(old, tmp_path / "none.yaml", history, "--home", tmp_path).exit_code == 1
    assert run(old, old, history, "--home", tmp_path, "--release", "2026-01-01-01").exit_code == 1
    done = run(old, old, history, "--home", tmp_path, "-o", tmp_path / "none" / "changes.csv")
    assert done.exit_code == 1
    assert "changes.csv: can't be written" in done.stderr
