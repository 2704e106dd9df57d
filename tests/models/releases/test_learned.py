"""What was learned, as text: readable, and exact on the way back."""

from __future__ import annotations

import copy
import json
import math
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadledger.models.releases.learned import (
    DEEPEST,
    LARGEST,
    check_learned,
    learned_from_dict,
    learned_from_text,
    learned_to_dict,
    learned_to_text,
)
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.errors import ReleaseError
from leadledger.scoring.gate import Threshold
from leadledger.scoring.lookup import (
    Bins,
    Branch,
    Combination,
    FlagBins,
    Leaf,
    NumberBins,
    Pair,
    Table,
    Term,
    TextBins,
    list_bins,
    list_leaves,
)
from leadledger.scoring.printers import python
from leadledger.scoring.scorecard import Learned, Scorecard
from tests.strategies import combinations

CARD = parse_card(
    """
name: small
fields:
  lead_id: {kind: id}
  employees: {kind: number}
  industry: {kind: text}
  demo: {kind: flag}
  last_activity: {kind: date}
stages:
  - {name: contact}
  - {name: opportunity, points: 80}
"""
)
LEARNED = Learned(
    base_rate=0.0912,
    start=483,
    trust=0.8125,
    terms=(
        Table("employees", NumberBins((10.0, 50.5)), (-34, 0, 125, -1000), (210, 0, 1234567, 95)),
        Table("industry", TextBins(("Bygg & anlegg", "other")), (1, -2, 3, 0), (1, 2, 3, 4)),
        Pair(
            ("demo", "employees"),
            (FlagBins(), NumberBins(())),
            ((0, 0), (-5, 5), (12, -12)),
            ((1, 2), (3, 4), (5, 6)),
            ((0, 1), (20, 3), (4, 100)),
        ),
        Combination(
            ("demo", "employees", "industry"),
            (FlagBins(), NumberBins((10.0, 50.5, 100.0)), TextBins(("Bygg & anlegg", "other"))),
            (
                Branch(
                    "employees",
                    (0, 1, 2, 4),
                    Branch("industry", (0, 2, 3), Leaf(12, 300), Leaf(-34, 20)),
                    Leaf(0, 1000),
                ),
                Branch("demo", (2,), Branch("employees", (1, 2, 3, 4), Leaf(5, 7), Leaf(-5, 0)), Leaf(1, 3)),
            ),
            8,
        ),
    ),
    thresholds={"opportunity": Threshold(712, promise="7 in 10, with confidence 0.9")},
)
TEXT = """\
{
  "format": 1,
  "base_rate": 0.0912,
  "start": 48.3,
  "trust": 0.8125,
  "lines": {
    "opportunity": {"points": 71.2, "promise": "7 in 10, with confidence 0.9"}
  },
  "terms": [
    {
      "field": "employees",
      "kind": "number",
      "bins": [
        {"points":    -3.4, "leads":     210, "is": "missing"},
        {"points":     0.0, "leads":       0, "below": 10},
        {"points":    12.5, "leads": 1234567, "from": 10, "below": 50.5},
        {"points":  -100.0, "leads":      95, "from": 50.5}
      ]
    },
    {
      "field": "industry",
      "kind": "text",
      "bins": [
        {"points":     0.1, "leads":       1, "is": "missing"},
        {"points":    -0.2, "leads":       2, "level": "Bygg & anlegg"},
        {"points":     0.3, "leads":       3, "level": "other"},
        {"points":     0.0, "leads":       4, "is": "other"}
      ]
    },
    {
      "fields": ["demo", "employees"],
      "kinds": ["flag", "number"],
      "rows": [
        {
          "row": {"is": "missing"},
          "cells": [
            {"points":     0.0, "leads":       1, "error":   0.0, "is": "missing"},
            {"points":     0.0, "leads":       2, "error":   0.1, "is": "any"}
          ]
        },
        {
          "row": {"is": "no"},
          "cells": [
            {"points":    -0.5, "leads":       3, "error":   2.0, "is": "missing"},
            {"points":     0.5, "leads":       4, "error":   0.3, "is": "any"}
          ]
        },
        {
          "row": {"is": "yes"},
          "cells": [
            {"points":     1.2, "leads":       5, "error":   0.4, "is": "missing"},
            {"points":    -1.2, "leads":       6, "error":  10.0, "is": "any"}
          ]
        }
      ]
    },
    {
      "fields": ["demo", "employees", "industry"],
      "kinds": ["flag", "number", "text"],
      "bins": [
        [
          {"is": "missing"},
          {"is": "no"},
          {"is": "yes"}
        ],
        [
          {"is": "missing"},
          {"below": 10},
          {"from": 10, "below": 50.5},
          {"from": 50.5, "below": 100},
          {"from": 100}
        ],
        [
          {"is": "missing"},
          {"level": "Bygg & anlegg"},
          {"level": "other"},
          {"is": "other"}
        ]
      ],
      "error": 0.8,
      "trees": [
        {
          "if": "employees",
          "in": [{"is": "missing"}, {"below": 50.5}, {"from": 100}],
          "then": {
            "if": "industry",
            "in": [{"is": "missing"}, {"level": "other"}, {"is": "other"}],
            "then": {"points":     1.2, "leads":     300},
            "else": {"points":    -3.4, "leads":      20}
          },
          "else": {"points":     0.0, "leads":    1000}
        },
        {
          "if": "demo",
          "in": [{"is": "yes"}],
          "then": {
            "if": "employees",
            "in": [{"is": "any"}],
            "then": {"points":     0.5, "leads":       7},
            "else": {"points":    -0.5, "leads":       0}
          },
          "else": {"points":     0.1, "leads":       3}
        }
      ]
    }
  ]
}
"""

# -- random learned things --------------------------------------------------------------------------------------------

STRANGE = (
    "",
    " ",
    "missing",
    "other",
    "it's",
    'a "quote"',
    "back\\slash",
    "\n",
    "\0",
    "\u2028",
    "\u202e",
    "e\u0301",
    "é",
    "\U0001f600",
)
EDGES = (0.0, -0.0, 0.1, 1 / 3, 5e-324, -5e-324, 1.7976931348623157e308, 2.0**53, 2.0**53 + 2, 1e15, 1e16, 1e22, -1.5)
tenths = st.integers(-1500, 1500) | st.sampled_from((-LARGEST, LARGEST, 0, 1, -1))
leads = st.integers(0, 10**9)
errors = st.integers(0, 500) | st.sampled_from((LARGEST, 1))
texts = st.sampled_from(STRANGE) | st.text(st.characters(codec="utf-8"), max_size=12)
floats = st.sampled_from(EDGES) | st.floats(allow_nan=False, allow_infinity=False)
number_bins = st.sets(floats, max_size=6).map(lambda edges: NumberBins(tuple(sorted(edges))))
text_bins = st.lists(texts, unique=True, max_size=6).map(lambda levels: TextBins(tuple(levels)))
all_bins: st.SearchStrategy[Bins] = st.one_of(number_bins, text_bins, st.just(FlagBins()))
FIELDS = {"number": "n", "text": "t", "flag": "f"}


def rows(cells: st.SearchStrategy[int], length: int) -> st.SearchStrategy[tuple[int, ...]]:
    """Rows of so many numbers."""
    return st.lists(cells, min_size=length, max_size=length).map(tuple)


@st.composite
def terms(draw: st.DrawFn, name: str) -> Term:
    """A table of a field, a pair of it and another, or a combination of it and others; with errors or without."""
    bins = draw(all_bins)
    kind = draw(st.sampled_from(("table", "pair", "combination")))
    if kind == "combination":
        others = draw(st.lists(all_bins, min_size=2, max_size=3))
        named = {f"{name}_{i}": one for i, one in enumerate((bins, *others))}
        return draw(combinations(named, st.integers(-1500, 1500), st.just(0) | errors))
    sure = draw(st.booleans())
    if kind == "table":
        found = draw(rows(errors, len(bins))) if sure else ()
        return Table(name, bins, draw(rows(tenths, len(bins))), draw(rows(leads, len(bins))), found)
    other = draw(all_bins)
    points, counts, margins = (
        tuple(draw(rows(cells, len(other))) for _ in range(len(bins))) for cells in (tenths, leads, errors)
    )
    return Pair((name, f"{name}_too"), (bins, other), points, counts, margins if sure else ())


@st.composite
def learned_things(draw: st.DrawFn) -> Learned:
    """Anything that training could learn."""
    lines = st.builds(Threshold, st.none() | tenths, texts, texts)
    return Learned(
        draw(st.none() | st.floats(0, 1, exclude_min=True, exclude_max=True)),
        draw(tenths),
        draw(st.floats(0, 1)),
        tuple(draw(terms(f"field_{i}")) for i in range(draw(st.integers(0, 3)))),
        draw(st.dictionaries(texts, lines, max_size=2)),
    )


def fields_of(learned: Learned) -> str:
    """A card with every field that some learned thing asks."""
    kinds = {NumberBins: "number", TextBins: "text", FlagBins: "flag"}
    asked: dict[str, Bins] = {}
    for term in learned.terms:
        asked |= dict(zip(term.fields, list_bins(term), strict=True))
    return "name: any\nfields:\n  last: {kind: flag}\n" + "".join(
        f"  {name}: {{kind: {kinds[type(bins)]}}}\n" for name, bins in asked.items()
    )


# -- the way there and back -------------------------------------------------------------------------------------------


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
    for one, other in zip(learned.terms, back.terms, strict=True):
        for bins, again in zip(list_bins(one), list_bins(other), strict=True):
            if isinstance(bins, NumberBins) and isinstance(again, NumberBins):
                assert [edge.hex() for edge in again.edges] == [float(edge).hex() for edge in bins.edges]


@given(learned_things())
def test_scorecard_is_identical(learned: Learned) -> None:
    """A scorecard of what came back prints the same Python as that of what was learned."""
    card = parse_card(fields_of(learned))
    one, other = Scorecard(card, Learned(**{**learned.__dict__, "thresholds": {}})), Scorecard(card, learned)
    back = learned_from_text(learned_to_text(learned))
    check_learned(card, Learned(back.base_rate, back.start, back.trust, back.terms))
    assert Scorecard(card, back) == other
    assert python.source(Scorecard(card, back)) == python.source(one)


def _lines(term: Term) -> int:
    """The bins, cells or leaves of a term."""
    if isinstance(term, Combination):
        return sum(len(list(list_leaves(tree))) for tree in term.trees)
    return sum(len(points) if isinstance(points, tuple) else 1 for points in term.points)


@given(learned_things())
def test_one_bin_a_line(learned: Learned) -> None:
    """No level or promise, however strange, breaks a line or hides a sign: what can't be seen is escaped."""
    text = learned_to_text(learned)
    assert all(line.isprintable() for line in text.split("\n"))
    starts = ('{"points"', '"then": {"points"', '"else": {"points"')
    found = sum('"leads":' in line and line.lstrip().startswith(starts) for line in text.split("\n"))
    assert found == sum(map(_lines, learned.terms))


def test_change_of_one_bin_changes_one_line() -> None:
    """Where the points of one bin change, one line of the text changes."""
    table = LEARNED.terms[0]
    assert isinstance(table, Table)
    moved = Table(table.field, table.bins, (-34, 0, -1125, -1000), table.counts)
    other = Learned(LEARNED.base_rate, LEARNED.start, LEARNED.trust, (moved, *LEARNED.terms[1:]), LEARNED.thresholds)
    differing = [
        pair
        for pair in zip(learned_to_text(LEARNED).splitlines(), learned_to_text(other).splitlines(), strict=True)
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
    """Rules alone are a release too: no terms, no lines, no base rate."""
    assert learned_from_text(learned_to_text(Learned())) == Learned()


@pytest.mark.parametrize(
    ("points", "counts", "what"),
    [((1, 2), (1, 2, 3), "2 points"), ((1, 2, 3), (1, 2), "2 counts"), ((1, 2, 3), (1, 2, 3), "2 errors")],
)
def test_shapes_are_checked_on_the_way_out(points: tuple[int, ...], counts: tuple[int, ...], what: str) -> None:
    """A table with more or fewer points, counts or errors than bins is not written."""
    errors = (1, 2) if "errors" in what else ()
    learned = Learned(terms=(Table("demo", FlagBins(), points, counts, errors),))
    with pytest.raises(ReleaseError, match=f"^the term 'demo' has {what} for 3 bins$"):
        learned_to_text(learned)


@pytest.mark.parametrize("trust", [math.nan, math.inf])
def test_numbers_without_end_do_not_come_back(trust: float) -> None:
    """NaN and infinity are no JSON, and are refused."""
    with pytest.raises(ReleaseError, match="is not a finite number"):
        learned_from_text(learned_to_text(Learned(trust=trust)))


# -- what is refused --------------------------------------------------------------------------------------------------

NUMBERS, TEXTS, CELLS, TREES = "$.terms[0].bins", "$.terms[1].bins", "$.terms[2].rows", "$.terms[3].trees"
MISTAKES: list[tuple[tuple[Any, ...], Any, str]] = [
    (("format",), 2, "$.format is 2; this version of leadledger reads format 1"),
    (("format",), None, "$.format is None; this version of leadledger reads format 1"),
    (("more",), 1, "$ has the unknown key 'more'"),
    (("base_rate",), 0, "$.base_rate is 0.0; it must lie between 0 and 1, both left out"),
    (("base_rate",), "a lot", "$.base_rate must be a number, not 'a lot'"),
    (("start",), 48.35, "$.start is 48.35; points have at most one decimal"),
    (("start",), True, "$.start must be a number, not True"),
    (("trust",), 1.5, "$.trust is 1.5; it must lie between 0 and 1"),
    (("trust",), None, "$.trust must be a number, not nothing"),
    (("lines",), [], "$.lines must be a record, not a list"),
    (("lines", "opportunity"), {}, "$.lines['opportunity'] has no 'points'"),
    (("lines", "opportunity", "promise"), 7, "$.lines['opportunity'].promise must be a text, not 7"),
    (("terms",), {}, "$.terms must be a list, not a record"),
    (("terms", 0), None, "$.terms[0] must be a record, not nothing"),
    (("terms", 0, "field"), 3, "$.terms[0].field must be a text, not 3"),
    (("terms", 0, "kind"), "date", "$.terms[0].kind is 'date', which is not one of: number, text, flag"),
    (("terms", 0, "kind"), "flag", f'{NUMBERS}[1] says {{"below": 10}}; in this place it must say {{"is": "no"}}'),
    (("terms", 0, "kind"), "text", f"{NUMBERS}[1] has no 'level'"),
    (("terms", 0, "bins"), [], "$.terms[0] has 0 bins of a number where 2 belong"),
    (
        ("terms", 0, "bins", 1, "points"),
        1e9,
        f"{NUMBERS}[1].points is 1000000000.0; points lie between -100000 and 100000",
    ),
    (("terms", 0, "bins", 1, "points"), 10**400, f"{NUMBERS}[1].points is not a finite number"),
    (("terms", 0, "bins", 1, "leads"), 1.0, f"{NUMBERS}[1].leads must be a count of leads, not 1.0"),
    (("terms", 0, "bins", 1, "leads"), -1, f"{NUMBERS}[1].leads must be a count of leads, not -1"),
    (("terms", 0, "bins", 1, "label"), "x", f"{NUMBERS}[1] has the unknown key 'label'"),
    (("terms", 0, "bins", 1, "below"), "10", f"{NUMBERS}[1].below must be a number, not '10'"),
    (
        ("terms", 0, "bins", 1, "below"),
        50.5,
        f"{NUMBERS}[2] ends below 50.5, and the bin before it below 50.5; edges must ascend",
    ),
    (
        ("terms", 0, "bins", 2, "from"),
        12,
        f'{NUMBERS}[2] says {{"from": 12, "below": 50.5}}; in this place it must say {{"from": 10, "below": 50.5}}',
    ),
    (
        ("terms", 0, "bins", 0, "is"),
        "other",
        f'{NUMBERS}[0] says {{"is": "other"}}; in this place it must say {{"is": "missing"}}',
    ),
    (
        ("terms", 1, "field"),
        "employees",
        "$.terms[1] is a second term 'employees'; a field, or a set of fields, has one",
    ),
    (("terms", 1, "bins", 2, "level"), "Bygg & anlegg", f"{TEXTS}[2] is a second bin for 'Bygg & anlegg'"),
    (("terms", 1, "bins", 2, "level"), "\ud800", f"{TEXTS}[2].level is '\\ud800', which holds half a character"),
    (("terms", 2, "fields"), ["demo", "demo"], "$.terms[2] must have two different fields and their two kinds"),
    (("terms", 2, "kinds"), ["flag"], "$.terms[2] must have two different fields and their two kinds"),
    (("terms", 2, "rows"), [], "$.terms[2] has 0 bins of a flag where 3 belong"),
    (
        ("terms", 2, "rows", 1, "row"),
        {"is": "yes"},
        f'{CELLS}[1].row says {{"is": "yes"}}; in this place it must say {{"is": "no"}}',
    ),
    (("terms", 2, "rows", 1, "cells"), [], f"{CELLS}[1].cells must have the same bins as the cells of the first row"),
    (
        ("terms", 2, "rows", 1, "cells"),
        [{"points": 0, "leads": 1, "is": "missing"}, {"points": 0, "leads": 1, "is": "any"}],
        f"{CELLS}[1].cells must have an 'error' where the cells of the first row have one",
    ),
    (("terms", 2, "rows", 1, "cells", 0, "error"), -0.1, f"{CELLS}[1].cells[0].error is -0.1; an error is 0 or more"),
    (
        ("terms", 2, "rows", 1, "cells", 0, "error"),
        0.25,
        f"{CELLS}[1].cells[0].error is 0.25; points have at most one decimal",
    ),
    (
        ("terms", 0, "bins", 1, "error"),
        1,
        f"{NUMBERS}[1] has an 'error' and the bin before it none, or the other way round; all have one or none has",
    ),
    (
        ("terms", 3, "fields"),
        ["demo", "employees"],
        "$.terms[3] has 2 fields, 3 kinds and 3 lists of bins; one each belongs",
    ),
    (("terms", 3, "kinds"), [], "$.terms[3] has 3 fields, 0 kinds and 3 lists of bins; one each belongs"),
    (("terms", 3, "bins"), {}, "$.terms[3].bins must be a list, not a record"),
    (
        ("terms", 3, "bins", 0, 1),
        {"is": "yes"},
        '$.terms[3].bins[0][1] says {"is": "yes"}; in this place it must say {"is": "no"}',
    ),
    (("terms", 3, "error"), -1, "$.terms[3].error is -1.0; an error is 0 or more"),
    (("terms", 3, "error"), None, "$.terms[3].error must be a number, not nothing"),
    (
        ("terms", 3, "trees"),
        [],
        "$.terms[3] has the field 'demo', which no tree asks",
    ),
    (("terms", 3, "trees", 1), {"points": 1, "leads": 1}, f"{TREES}[1] asks no field; a tree has an 'if'"),
    (("terms", 3, "trees", 0, "then"), 7, f"{TREES}[0].then must be a record, not 7"),
    (("terms", 3, "trees", 0, "then", "in"), None, f"{TREES}[0].then.in must be a list, not nothing"),
    (
        ("terms", 3, "trees", 0, "if"),
        "industri",
        f"{TREES}[0].if asks 'industri', which is not among the fields of its combination",
    ),
    (
        ("terms", 3, "trees", 1, "then", "in"),
        [],
        f"{TREES}[1].then.in names none of the 5 bins of 'employees'; a choice names some and leaves some",
    ),
    (
        ("terms", 3, "trees", 1, "in"),
        [{"is": "missing"}, {"is": "no"}, {"is": "yes"}],
        f"{TREES}[1].in names all of the 3 bins of 'demo'; a choice names some and leaves some",
    ),
    (
        ("terms", 3, "trees", 0, "in", 1, "below"),
        60,
        f'{TREES}[0].in[1] says {{"below": 60}}, which none of the bins of its field says',
    ),
    (
        ("terms", 3, "trees", 0, "in", 1),
        {"from": 100, "below": 10},
        f'{TREES}[0].in[1] says {{"from": 100, "below": 10}}, which none of the bins of its field says',
    ),
    (
        ("terms", 3, "trees", 0, "in", 0),
        {"level": "missing"},
        f'{TREES}[0].in[0] says {{"level": "missing"}}, which none of the bins of its field says',
    ),
    (
        ("terms", 3, "trees", 0, "then", "in", 2),
        {"level": "else"},
        f'{TREES}[0].then.in[2] says {{"level": "else"}}, which none of the bins of its field says',
    ),
    (
        ("terms", 3, "trees", 0, "in"),
        [{"below": 50.5}, {"is": "missing"}],
        f'{TREES}[0].in[1] says {{"is": "missing"}} after what comes behind it; bins stand once, in their order',
    ),
    (
        ("terms", 3, "trees", 0, "in"),
        [{"below": 50.5}, {"from": 10, "below": 50.5}],
        f'{TREES}[0].in[1] says {{"from": 10, "below": 50.5}} after what comes behind it;'
        " bins stand once, in their order",
    ),
    (
        ("terms", 3, "trees", 0, "in"),
        [{"below": 10}, {"from": 10, "below": 50.5}],
        f'{TREES}[0].in says [{{"below": 10}}, {{"from": 10, "below": 50.5}}]; it must say [{{"below": 50.5}}]',
    ),
    (("terms", 3, "trees", 0, "else", "leads"), -1, f"{TREES}[0].else.leads must be a count of leads, not -1"),
    (("terms", 3, "trees", 0, "else", "why"), "x", f"{TREES}[0].else has the unknown key 'why'"),
    (
        ("terms", 3, "trees", 0, "else", "points"),
        99_999.8,
        "$.terms[3] could add up to 100000.3; the points of a term lie between -100000 and 100000",
    ),
]


@pytest.mark.parametrize(("path", "value", "message"), MISTAKES, ids=[message for *_, message in MISTAKES])
def test_mistakes_are_named(path: tuple[Any, ...], value: Any, message: str) -> None:
    """One mistake in the file is refused with its path, what is wrong and what belongs there."""
    data = copy.deepcopy(learned_to_dict(LEARNED))
    place: Any = data
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(ReleaseError) as caught:
        learned_from_dict(data)
    assert str(caught.value) == message
    if "half a character" not in message:
        with pytest.raises(ReleaseError) as caught:
            learned_from_text(json.dumps(data))
        assert str(caught.value) == message


def chain(length: int) -> Branch:
    """A tree of so many splits in a row, over the fields a, b and c."""
    node: Branch | Leaf = Leaf(1, 1)
    for i in range(length):
        node = Branch("abc"[i % 3], (0,), node, Leaf(0, 1))
    assert isinstance(node, Branch)
    return node


FLAGS = (FlagBins(), FlagBins(), FlagBins())
BAD_COMBINATIONS = {
    "must have three different fields or more; what one or two do belongs to a table or a pair": Combination(
        ("a", "b"), FLAGS[:2], (Branch("a", (0,), Leaf(1, 1), Branch("b", (0,), Leaf(1, 1), Leaf(0, 1))),)
    ),
    "has 2 bins for 3 fields": Combination(("a", "b", "c"), FLAGS[:2], (chain(3),)),
    "has the field 'd', which no tree asks": Combination(("a", "b", "c", "d"), (*FLAGS, FlagBins()), (chain(3),)),
    ".trees[1].if asks 'd', which is not among the fields of its combination": Combination(
        ("a", "b", "c"), FLAGS, (chain(3), Branch("d", (0,), Leaf(1, 1), Leaf(2, 2)))
    ),
    ".trees[1].in names none of the 3 bins of 'a'; a choice names some and leaves some": Combination(
        ("a", "b", "c"), FLAGS, (chain(3), Branch("a", (), Leaf(1, 1), Leaf(2, 2)))
    ),
    ".trees[1].in names all of the 3 bins of 'a'; a choice names some and leaves some": Combination(
        ("a", "b", "c"), FLAGS, (chain(3), Branch("a", (0, 1, 2), Leaf(1, 1), Leaf(2, 2)))
    ),
    ".trees[1].in must name positions of 'a' from 0 to 2, each once, ascending": Combination(
        ("a", "b", "c"), FLAGS, (chain(3), Branch("a", (2, 1), Leaf(1, 1), Leaf(2, 2)))
    ),
    ".trees[0].in must name positions of 'c' from 0 to 2, each once, ascending": Combination(
        ("a", "b", "c"), FLAGS, (Branch("c", (1, 3), chain(3), Leaf(2, 2)),)
    ),
    f".trees[0]{'.then' * DEEPEST} is the {DEEPEST + 1}th split in a row; a tree has at most {DEEPEST}": Combination(
        ("a", "b", "c"), FLAGS, (chain(DEEPEST + 1),)
    ),
    ".error is -0.1; an error lies between 0 and 100000": Combination(("a", "b", "c"), FLAGS, (chain(3),), -1),
    "could add up to 100000.1; the points of a term lie between -100000 and 100000": Combination(
        ("a", "b", "c"), FLAGS, (chain(3), Branch("a", (0,), Leaf(-LARGEST, 1), Leaf(2, 2)))
    ),
}


@pytest.mark.parametrize("message", BAD_COMBINATIONS)
def test_bad_combinations_are_not_written(message: str) -> None:
    """A combination that is not as it should be is refused on the way out, by the name of its term and its place."""
    term = BAD_COMBINATIONS[message]
    with pytest.raises(ReleaseError) as caught:
        learned_to_text(Learned(terms=(term,)))
    space = "" if message.startswith(".") else " "
    assert str(caught.value) == f"the term '{term.name}'{space}{message}"


def test_a_tree_may_be_as_deep_as_it_may_be() -> None:
    """The deepest tree that may be is written, read and printed; one split more, and its text is refused."""
    deepest = Learned(terms=(Combination(("a", "b", "c"), FLAGS, (chain(DEEPEST),)),))
    data = learned_to_dict(deepest)
    assert learned_from_dict(data) == deepest
    card = parse_card("name: deep\nfields: {a: {kind: flag}, b: {kind: flag}, c: {kind: flag}}")
    total, *_ = python.compiled(Scorecard(card, deepest))({"a": None, "b": None, "c": None}, date(2026, 7, 1))
    assert total == deepest.start + 1
    tree = data["terms"][0]["trees"][0]
    data["terms"][0]["trees"][0] = {"if": "a", "in": [{"is": "no"}], "then": tree, "else": {"points": 0, "leads": 0}}
    place = f"$.terms[0].trees[0]{'.then' * DEEPEST}"
    with pytest.raises(ReleaseError) as caught:
        learned_from_dict(data)
    assert str(caught.value) == f"{place} is the {DEEPEST + 1}th split in a row; a tree has at most {DEEPEST}"


def test_a_set_of_fields_has_one_term() -> None:
    """Two combinations of the same fields, in whatever order, are refused: the ledger would name both alike."""
    one = Combination(("a", "b", "c"), FLAGS, (chain(3),))
    other = Combination(("c", "b", "a"), FLAGS, (chain(3),))
    with pytest.raises(ReleaseError) as caught:
        learned_from_dict(learned_to_dict(Learned(terms=(one, other))))
    assert str(caught.value) == "$.terms[1] is a second term 'c & b & a'; a field, or a set of fields, has one"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "what was learned is not JSON: Expecting value, line 1"),
        ("{\n]", "what was learned is not JSON: Expecting property name enclosed in double quotes, line 2"),
        ("[]", "$ must be a record, not a list"),
        ("{}", "$ has no 'format'"),
        ('{"format": 1, "format": 1}', "the key 'format' stands twice in one record"),
        ("NaN", "NaN is not a finite number"),
        ("-Infinity", "-Infinity is not a finite number"),
        ("[" * 100_000, "what was learned is not JSON that can be read"),
        ("1" * 10_000, "what was learned is not JSON that can be read"),
    ],
)
def test_other_texts_are_refused(text: str, message: str) -> None:
    """What is not JSON, or JSON of another shape, is refused without a traceback."""
    with pytest.raises(ReleaseError) as caught:
        learned_from_text(text)
    assert str(caught.value) == message


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | texts,
        lambda one: st.lists(one) | st.dictionaries(texts, one),
    )
)
def test_any_json_is_refused_or_read(data: Any) -> None:
    """JSON of any shape is refused with a ReleaseError, never another error."""
    with pytest.raises(ReleaseError):
        learned_from_dict(data)


@given(st.data())
def test_any_damage_is_refused_or_read(data: st.DataObject) -> None:
    """A file with some value replaced is refused with a ReleaseError, or is a sound file with other numbers."""
    whole: Any = copy.deepcopy(learned_to_dict(LEARNED))
    place, key = whole, data.draw(st.sampled_from(list(whole)))
    while isinstance(place[key], dict | list) and place[key] and data.draw(st.booleans()):
        place = place[key]
        key = data.draw(st.sampled_from(list(place) if isinstance(place, dict) else range(len(place))))
    place[key] = data.draw(st.none() | st.booleans() | floats | tenths | texts | st.just([]) | st.just({}))
    try:
        read = learned_from_dict(whole)
    except ReleaseError:
        return
    assert learned_from_dict(learned_to_dict(read)) == read


# -- against the card -------------------------------------------------------------------------------------------------


def test_card_that_fits() -> None:
    """A card that has every field, of the right kind, and every stage is accepted."""
    check_learned(CARD, LEARNED)


def test_card_that_does_not_fit() -> None:
    """Every field that the card lacks or has with another kind, and every stage that it lacks, is named."""
    number, text, flag = NumberBins(()), TextBins(()), FlagBins()
    learned = Learned(
        terms=(
            Table("employes", number, (0, 0), (0, 0)),
            Table("industry", number, (0, 0), (0, 0)),
            Table("last_activity", number, (0, 0), (0, 0)),
            Table("lead_id", text, (0, 0), (0, 0)),
            Pair(("demo", "employees"), (flag, text), ((0, 0),) * 3, ((0, 0),) * 3),
            Combination(("demo", "sector", "employees"), (text, flag, number), (chain(3),)),
        ),
        thresholds={"oportunity": Threshold(700)},
    )
    with pytest.raises(ReleaseError) as caught:
        check_learned(CARD, learned)
    assert str(caught.value).splitlines() == [
        "the term 'employes' asks the field 'employes', which the card doesn't have. Did you mean 'employees'?",
        "the term 'industry' has number bins for the field 'industry'; its kind in the card is text",
        "the term 'last_activity' has number bins for the field 'last_activity'; its kind in the card is date",
        "the term 'lead_id' has text bins for the field 'lead_id'; its kind in the card is id",
        "the term 'demo & employees' has text bins for the field 'employees'; its kind in the card is number",
        "the term 'demo & sector & employees' has text bins for the field 'demo'; its kind in the card is flag",
        "the term 'demo & sector & employees' asks the field 'sector', which the card doesn't have."
        " Known: lead_id, employees, industry, demo, last_activity.",
        "a promotion line is for the stage 'oportunity', which the card doesn't have. Did you mean 'opportunity'?",
    ]
