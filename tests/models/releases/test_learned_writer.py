"""What was learned, as text: readable, and exact when it is read back."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given

from leadledger.models.releases.learned_checks import check_learned
from leadledger.models.releases.learned_reader import learned_from_dict, learned_from_text
from leadledger.models.releases.learned_writer import learned_to_dict, learned_to_text
from leadledger.scoring.bins import FlagBins, NumberBins
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.errors import ReleaseError
from leadledger.scoring.lookup import Combination, Table, Term, list_bins, list_leaves
from leadledger.scoring.printers.python.module import print_module
from leadledger.scoring.scorecard import Learned, Scorecard
from tests.models.releases.learned_examples import (
    LEARNED,
    TEXT,
    fields_of,
    learned_things,
)


def test_text_is_readable() -> None:
    """Each bin is a line that says what falls in it, its points with one decimal, and its leads."""
    assert learned_to_text(LEARNED) == TEXT
    assert json.loads(TEXT) == learned_to_dict(LEARNED)


@given(learned_things())
def test_round_trip_is_exact(learned: Learned) -> None:
    """Whatever was learned comes back equal, edges to the last bit, and its text comes back letter by letter."""
    text = learned_to_text(learned)
    back = learned_from_text(text)
    assert back == learned
    assert learned_to_text(back) == text
    assert learned_from_dict(learned_to_dict(learned)) == learned
    for term, term_back in zip(learned.terms, back.terms, strict=True):
        for bins, bins_back in zip(list_bins(term), list_bins(term_back), strict=True):
            if isinstance(bins, NumberBins) and isinstance(bins_back, NumberBins):
                assert [edge.hex() for edge in bins_back.edges] == [float(edge).hex() for edge in bins.edges]


@given(learned_things())
def test_scorecard_is_identical(learned: Learned) -> None:
    """A scorecard that was written and read back prints the same Python as the original."""
    card = parse_card(fields_of(learned))
    without_thresholds = Scorecard(card, Learned(**{**learned.__dict__, "thresholds": {}}))
    back = learned_from_text(learned_to_text(learned))
    check_learned(card, Learned(back.base_rate, back.start, back.trust, back.terms))
    assert Scorecard(card, back) == Scorecard(card, learned)
    assert print_module(Scorecard(card, back)) == print_module(without_thresholds)


def _count_lines(term: Term) -> int:
    """The bins, cells or leaves of a term."""
    if isinstance(term, Combination):
        return sum(len(list(list_leaves(tree))) for tree in term.trees)
    return sum(len(points) if isinstance(points, tuple) else 1 for points in term.points)


@given(learned_things())
def test_one_bin_a_line(learned: Learned) -> None:
    """No level or promise, however strange, breaks a line or hides a character: invisible ones are escaped."""
    text = learned_to_text(learned)
    assert all(line.isprintable() for line in text.split("\n"))
    starts = ('{"points"', '"then": {"points"', '"else": {"points"')
    lines = sum('"leads":' in line and line.lstrip().startswith(starts) for line in text.split("\n"))
    assert lines == sum(map(_count_lines, learned.terms))


def test_change_of_one_bin_changes_one_line() -> None:
    """Where the points of one bin change, one line of the text changes."""
    table = LEARNED.terms[0]
    assert isinstance(table, Table)
    moved = Table(table.field, table.bins, (-34, 0, -1125, -1000), table.counts)
    changed = Learned(LEARNED.base_rate, LEARNED.start, LEARNED.trust, (moved, *LEARNED.terms[1:]), LEARNED.thresholds)
    differing = [
        pair
        for pair in zip(learned_to_text(LEARNED).splitlines(), learned_to_text(changed).splitlines(), strict=True)
        if len(set(pair)) > 1
    ]
    assert differing == [
        (
            '        {"points":    12.5, "leads": 1234567, "from": 10, "below": 50.5},',
            '        {"points":  -112.5, "leads": 1234567, "from": 10, "below": 50.5},',
        )
    ]


def test_the_page_says_what_is_written() -> None:
    """The file that the reference page shows is read, and written again letter by letter."""
    page = (Path(__file__).parents[3] / "docs" / "learned.md").read_text("utf-8")
    (shown,) = re.findall(r"^```json\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)
    assert learned_to_text(learned_from_text(shown)) == shown


def test_nothing_learned() -> None:
    """Rules alone are a release too: no terms, no thresholds, no base rate."""
    assert learned_from_text(learned_to_text(Learned())) == Learned()


@pytest.mark.parametrize(
    ("points", "counts", "what"),
    [((1, 2), (1, 2, 3), "2 points"), ((1, 2, 3), (1, 2), "2 counts"), ((1, 2, 3), (1, 2, 3), "2 errors")],
)
def test_shapes_are_checked_before_writing(points: tuple[int, ...], counts: tuple[int, ...], what: str) -> None:
    """A table with more or fewer points, counts or errors than bins is not written."""
    errors = (1, 2) if "errors" in what else ()
    learned = Learned(terms=(Table("demo", FlagBins(), points, counts, errors),))
    with pytest.raises(ReleaseError, match=f"^the term 'demo' has {what} for 3 bins$"):
        learned_to_text(learned)
