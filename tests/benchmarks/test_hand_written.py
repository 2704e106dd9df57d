"""The benchmark of lists beside what a person could write by hand, in the small."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from benchmarks import hand_written
from benchmarks.hand_written import AS_OF, COLUMNS, check_same, compare, describe, make_writers
from benchmarks.lists import TimePair, leads
from benchmarks.polars_card import PolarsCard
from leadledger.api.cli.examples import find_examples, load_simulator
from leadledger.scoring.bins import FlagBins, NumberBins, TextBins
from leadledger.scoring.card.reader import read_card
from leadledger.scoring.errors import PrinterError
from leadledger.scoring.gate import Threshold
from leadledger.scoring.lookup import Branch, Combination, Leaf, Pair, Table
from leadledger.scoring.scorecard import Learned, Scorecard

CARD = read_card(find_examples() / "b2b-software" / "card.yaml")
BUDGET, NEED = NumberBins((5_000.0, 10_000.0, 50_000.0)), TextBins(("none", "vague", "clear", "urgent"))
INDUSTRY, DAYS = TextBins(("Software", "Education")), NumberBins((0.0, 30.0, 90.0))
NONE = ((0,) * 6,) * 5
TREE = Branch(
    "industry",
    (0, 2),
    Branch("days_to_decision", (0, 1), Leaf(-31, 0), Leaf(17, 0)),
    Branch("demo_requested", (2,), Leaf(23, 0), Leaf(-4, 0)),
)
TERMS = (
    Table("country", TextBins(("NO", "SE")), (5, 20, -10, 3), (0,) * 4),
    Table("employees", NumberBins(()), (-7, 4), (0, 0)),
    Table("days_to_decision", DAYS, (-12, -40, 30, 10, -20), (0,) * 5),
    Table("newsletter", FlagBins(), (1, 2, 3), (0,) * 3),
    Table("senior_title", FlagBins(), (-2, 0, 11), (0,) * 3),
    Pair(
        ("budget", "need"),
        (BUDGET, NEED),
        tuple(tuple(7 * row - 5 * column for column in range(6)) for row in range(5)),
        NONE,
    ),
    Pair(("need", "country"), (NEED, TextBins(("NO",))), ((1, 2, 3), (-9, 0, 9), *((4, -4, 8),) * 4), ((0,) * 3,) * 6),
    Combination(("industry", "days_to_decision", "demo_requested"), (INDUSTRY, DAYS, FlagBins()), (TREE,)),
)
LEARNED = Learned(0.1, 470, 0.4, TERMS, {"opportunity": Threshold(610)})


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A history, and a list, which has fewer leads."""
    folder, simulate = tmp_path_factory.mktemp("lists"), load_simulator()
    simulate.write(simulate.simulate(900), folder / "history.csv")
    return folder / "history.csv", leads(folder, 700)


@pytest.mark.slow
def test_both_ways_are_the_same_for_every_row_and_are_timed(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tables, pairs and combinations, of numbers, texts, flags and days, some of which are missing."""
    monkeypatch.setattr(hand_written, "TREES", 3)
    history, path = files
    pairs = compare(Scorecard(CARD, LEARNED), history, path, 1)
    assert [pair.work.split(":")[0] for pair in pairs] == ["csv, four columns", "scores alone", "scores and reasons"]
    assert all(pair.ours > 0 < pair.baseline for pair in pairs)
    verdicts = pl.read_csv(path.with_name("theirs.csv"))["recommendation"].value_counts()
    assert {*verdicts["recommendation"]} == {"ask", "disqualify", "nurture", "promote"}
    assert verdicts["count"].min() > 7  # type: ignore[operator]  # a number


@pytest.mark.slow
@pytest.mark.parametrize(
    "learned",
    [
        Learned(0.1),
        replace(LEARNED, thresholds={"opportunity": Threshold(None, closed="the data can't give one")}),
        replace(LEARNED, trust=0.0, terms=TERMS[-1:]),
    ],
    ids=["untrained", "closed", "no trust"],
)
def test_other_cards_are_the_same_too(files: tuple[Path, Path], learned: Learned) -> None:
    """Without tables, without a threshold, and with rules that count for nothing."""
    make_writers(Scorecard(CARD, learned), files[1])


def test_a_difference_is_an_error(tmp_path: Path) -> None:
    """The order of the rows doesn't matter, nor does the last bit of a probability; a score does."""
    ours, theirs = tmp_path / "ours.csv", tmp_path / "theirs.csv"
    ours.write_text("lead_id,score,probability,recommendation\na,1,0.5,ask\nb,2,0.25,keep\n")
    theirs.write_text("lead_id,score,probability,recommendation\nb,2,0.25,keep\na,1,0.5000000000000001,ask\n")
    check_same(ours, theirs)
    for row in (
        "a,2,0.5,ask",
        "a,1,0.5001,ask",
        "a,1,,ask",
        "a,1,0.5,keep",
        "c,1,0.5,ask",
        "a,1,0.5,ask\nb,2,0.25,keep",
    ):
        theirs.write_text(f"lead_id,score,probability,recommendation\nb,2,0.25,keep\n{row}\n")
        with pytest.raises(RuntimeError, match=r"the scores of .*ours\.csv and .*theirs\.csv are not the same"):
            check_same(ours, theirs)


def test_a_list_with_stages_is_refused() -> None:
    """What has no expressions is not left out without a word."""
    with pytest.raises(PrinterError, match="leads that stand at different stages have no Polars expressions"):
        PolarsCard(Scorecard(CARD, LEARNED), [*COLUMNS, "stage"], AS_OF)


def test_what_is_under_its_limit_is_said() -> None:
    """A ratio beside its limit, on whichever side it is."""
    over, under = describe([TimePair("list", 3.0, 2.0, 1.0), TimePair("list", 1.0, 2.0, 1.0)])
    assert (over.endswith("ratio  1.50  over 1.0"), under.endswith("ratio  0.50  under 1.0")) == (True, True)
