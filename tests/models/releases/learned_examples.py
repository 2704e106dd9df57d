"""What training could have learned: one readable example with its card and its text, and hypothesis strategies."""

from __future__ import annotations

from hypothesis import strategies as st

from leadledger.models.releases.learned_checks import LARGEST_TENTHS
from leadledger.scoring.bins import Bins, FlagBins, NumberBins, TextBins
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.gate import Threshold
from leadledger.scoring.lookup import Branch, Combination, Leaf, Pair, Table, Term, list_bins
from leadledger.scoring.scorecard import MOST_PERCENT, Learned
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
STRANGE_TEXTS = (
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
SMALL_EDGES = (0.0, -0.0, 0.1, 1 / 3, 5e-324, -5e-324, -1.5)
LARGE_EDGES = (1.7976931348623157e308, 2.0**53, 2.0**53 + 2, 1e15, 1e16, 1e22)
tenths = st.integers(-1500, 1500) | st.sampled_from((-LARGEST_TENTHS, LARGEST_TENTHS, 0, 1, -1))
leads = st.integers(0, 10**9)
errors = st.integers(0, 500) | st.sampled_from((LARGEST_TENTHS, 1))
texts = st.sampled_from(STRANGE_TEXTS) | st.text(st.characters(codec="utf-8"), max_size=12)
floats = st.sampled_from(SMALL_EDGES + LARGE_EDGES) | st.floats(allow_nan=False, allow_infinity=False)
number_bins = st.sets(floats, max_size=6).map(lambda edges: NumberBins(tuple(sorted(edges))))
text_bins = st.lists(texts, unique=True, max_size=6).map(lambda levels: TextBins(tuple(levels)))
all_bins: st.SearchStrategy[Bins] = st.one_of(number_bins, text_bins, st.just(FlagBins()))
FIELDS = {"number": "n", "text": "t", "flag": "f"}


def rows(cells: st.SearchStrategy[int], length: int) -> st.SearchStrategy[tuple[int, ...]]:
    """Rows of `length` numbers."""
    return st.lists(cells, min_size=length, max_size=length).map(tuple)


@st.composite
def terms(draw: st.DrawFn, name: str) -> Term:
    """A table of a field, a pair of it and another, or a combination of it and others; with errors or without."""
    bins = draw(all_bins)
    kind = draw(st.sampled_from(("table", "pair", "combination")))
    if kind == "combination":
        others = draw(st.lists(all_bins, min_size=2, max_size=3))
        named = {f"{name}_{i}": field_bins for i, field_bins in enumerate((bins, *others))}
        return draw(combinations(named, st.integers(-1500, 1500), st.just(0) | errors))
    has_errors = draw(st.booleans())
    if kind == "table":
        margins = draw(rows(errors, len(bins))) if has_errors else ()
        return Table(name, bins, draw(rows(tenths, len(bins))), draw(rows(leads, len(bins))), margins)
    column_bins = draw(all_bins)
    points, counts, cell_errors = (
        tuple(draw(rows(cells, len(column_bins))) for _ in range(len(bins))) for cells in (tenths, leads, errors)
    )
    return Pair((name, f"{name}_too"), (bins, column_bins), points, counts, cell_errors if has_errors else ())


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
        percentiles=tuple(sorted(draw(rows(tenths, MOST_PERCENT)))) if draw(st.booleans()) else (),
    )


def fields_of(learned: Learned) -> str:
    """The text of a card with every field of the terms."""
    kinds = {NumberBins: "number", TextBins: "text", FlagBins: "flag"}
    bins_by_field: dict[str, Bins] = {}
    for term in learned.terms:
        bins_by_field |= dict(zip(term.fields, list_bins(term), strict=True))
    return "name: any\nfields:\n  last: {kind: flag}\n" + "".join(
        f"  {name}: {{kind: {kinds[type(bins)]}}}\n" for name, bins in bins_by_field.items()
    )


def chain(length: int) -> Branch:
    """A tree of so many splits in a row, over the fields a, b and c."""
    node: Branch | Leaf = Leaf(1, 1)
    for i in range(length):
        node = Branch("abc"[i % 3], (0,), node, Leaf(0, 1))
    assert isinstance(node, Branch)
    return node


FLAGS = (FlagBins(), FlagBins(), FlagBins())
