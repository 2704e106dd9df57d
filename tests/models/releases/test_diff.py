"""The difference between two releases: all that moved, and nothing that didn't."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from leadledger.models.releases.changes import CutoffChange, PointsChange, TextChange
from leadledger.models.releases.diff import compare
from leadledger.models.releases.diff_text import diff_text
from leadledger.models.releases.store import Releases
from leadledger.scoring.bins import FlagBins, NumberBins, TextBins
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.gate import Threshold
from leadledger.scoring.lookup import Branch, Combination, Leaf, Pair, Table
from leadledger.scoring.scorecard import Learned, Scorecard, build_untrained

OLD_CARD = """\
name: small
fields:
  employees: {kind: number}
  industry: {kind: text}
  demo: {kind: flag}
  seen: {kind: date}
  silent: {kind: number, is: days_since(seen)}
criteria:
  big: {met: employees >= 50}
groups:
  size: {max: 20, min: -20}
rules:
  - {name: large, when: employees >= 100, points: 8, reason: Is large, group: size}
  - {name: demo, when: demo, points: 10, reason: Asked for a demonstration}
  - {name: retail, when: industry = 'retail', points: -4, reason: Is a shop}
  - {name: fresh, when: silent < 30, points: 6, reason: Was here lately, half_life: 14 days of seen}
exclude:
  - {name: tiny, when: employees < 2, reason: Is one person}
stages:
  - {name: contact}
  - {name: lead, points: 60}
  - {name: opportunity, requires: [big], probability: {precision: 0.7}}
grades: {A: 70, B: 50}
"""
NEW_CARD = (
    OLD_CARD.replace("kind: text}", "kind: text, values: [retail, media], from: Branch, missing: [none]}")
    .replace("days_since(seen)", "days_until(seen)")
    .replace("employees >= 50", "employees >= 60")
    .replace("max: 20", "max: 10")
    .replace("employees >= 100, points: 8", "employees >= 200, points: 9")
    .replace("name: demo,", "name: asked_for_demo,")
    .replace("half_life: 14", "half_life: 7")
    .replace("employees < 2,", "employees < 3,")
    .replace("points: 60", "points: 58.5")
    .replace("{A: 70, B: 50}", "{A: 72, B: 50, C: 30}")
)
NUMBERS = NumberBins((10.0, 50.0))
OLD = Learned(
    base_rate=0.09,
    start=480,
    trust=1.0,
    terms=(
        Table("employees", NUMBERS, (0, -10, 5, 20), (1, 1, 1, 1)),
        Table("industry", TextBins(("retail",)), (0, 4, -2), (1, 1, 1)),
        Table("demo", FlagBins(), (0, 1, 2), (1, 1, 1)),
        Pair(("demo", "employees"), (FlagBins(), NUMBERS), ((0, 0, 0, 0), (1, 2, 3, 4), (5, 6, 7, 8)), ((1,) * 4,) * 3),
        Combination(
            ("demo", "employees", "industry"),
            (FlagBins(), NumberBins((50.0,)), TextBins(("retail",))),
            (
                Branch("demo", (2,), Branch("employees", (2,), Leaf(20, 1), Leaf(0, 1)), Leaf(-1, 1)),
                Branch("industry", (1,), Leaf(-3, 1), Leaf(0, 1)),
            ),
        ),
    ),
    thresholds={"opportunity": Threshold(700, promise="7 in 10")},
)
NEW = Learned(
    base_rate=None,
    start=483,
    trust=0.5,
    terms=(
        Table("employees", NumberBins((10.0, 30.0, 70.0)), (0, -10, 5, -15, 20), (1,) * 5),
        Table("industry", TextBins(("media", "other")), (1, 3, -2, -2), (1,) * 4),
        Table("silent", NumberBins((7.0, 14.0)), (0, 3, 3, -3), (1,) * 4),
        Pair(
            ("demo", "employees"),
            (FlagBins(), NumberBins((50.0,))),
            ((0, 0, 0), (1, 2, 4), (5, 6, -8)),
            ((1,) * 3,) * 3,
        ),
        Combination(
            ("demo", "employees", "industry"),
            (FlagBins(), NumberBins((70.0,)), TextBins(("media",))),
            (
                Branch("industry", (1,), Leaf(5, 1), Leaf(0, 1)),
                Branch("demo", (2,), Branch("employees", (2,), Leaf(20, 1), Leaf(0, 1)), Leaf(-1, 1)),
            ),
            3,
        ),
    ),
    thresholds={"opportunity": Threshold(None, closed="no threshold can promise 0.70")},
)
TEXT = """\
From old to new, in points

  start                                                 48.0 →     48.3     +0.3
  trust                                                1.000 →    0.500
  base rate                                            9.00% →  unknown

Rules, with trust applied; those that the card changed come first
  demo                                                 +10.0 →        –    −10.0
  asked_for_demo                                           – →     +5.0     +5.0
  large                                                 +8.0 →     +4.5     −3.5
    as declared                                         +8.0 →     +9.0     +1.0
    when
      was  employees >= 100
      now  employees >= 200
  fresh                                                 +6.0 →     +3.0     −3.0
    half life
      was  14 days of seen
      now  7 days of seen
  retail                                                −4.0 →     −2.0     +2.0

Tables, those that moved most first
  employees: 2 of 6 bins moved, by up to 3.5
    30 to 50                                            +0.5 →     −1.5     −2.0
    50 to 70                                            +2.0 →     −1.5     −3.5
  industry: 3 of 5 bins moved, by up to 0.6
    missing                                              0.0 →     +0.1     +0.1
    'retail'                                            +0.4 →     −0.2     −0.6
    'media'                                             −0.2 →     +0.3     +0.5
  silent (new): 2 of 3 bins moved, by up to 0.3
    below 14                                               – →     +0.3     +0.3
    14 and up                                              – →     −0.3     −0.3
  demo (gone): 2 of 3 bins moved, by up to 0.2
    no                                                  +0.1 →        –     −0.1
    yes                                                 +0.2 →        –     −0.2

Pairs, those that moved most first
  demo & employees: 3 of 12 cells moved, by up to 1.6
    yes, 50 and up                                      +0.8 →     −0.8     −1.6
    no, 10 to 50                                        +0.3 →     +0.2     −0.1
    yes, 10 to 50                                       +0.7 →     +0.6     −0.1

Combinations, those that moved most first
  demo & employees & industry: 26 of 48 cells moved, by up to 2.0
    yes, 50 to 70, missing                              +2.0 →      0.0     −2.0
    yes, 50 to 70, other                                +2.0 →      0.0     −2.0
    yes, 50 to 70, 'retail'                             +1.7 →      0.0     −1.7
    … and 23 that moved less

Thresholds: the points from which a stage is open
  lead                                                  60.0 →     58.5     −1.5
  opportunity                                           70.0 →        –
    promise
      was  7 in 10
      now  –
    closed
      was  –
      now  no threshold can promise 0.70

Grades: the points from which each is given
  A                                                     70.0 →     72.0     +2.0
  C                                                        – →     30.0

The rest of the card
  field industry
    was  text
    now  text; one of 'retail', 'media'; from 'Branch'; missing if 'none'
  field silent
    was  number, is days_since(seen)
    now  number, is days_until(seen)
  criterion big
    was  employees >= 50
    now  employees >= 60
  group size
    was  at most 20.0, at least −20.0
    now  at most 5.0, at least −10.0
  exclusion tiny
    was  employees < 2
    now  employees < 3
  lowest grade
    was  C
    now  D
"""
OLD_SCORECARD = Scorecard(parse_card(OLD_CARD), OLD, "old")
NEW_SCORECARD = Scorecard(parse_card(NEW_CARD), NEW, "new")


def test_whole_text() -> None:
    """The text names all that moved, by how many points, in at most 80 columns."""
    assert diff_text(compare(OLD_SCORECARD, NEW_SCORECARD)) == TEXT
    assert max(map(len, TEXT.splitlines())) <= 80


def test_json_holds_everything() -> None:
    """The JSON has the same, in points, with nothing left out but the cells of pairs that moved less."""
    members = json.loads(json.dumps(compare(OLD_SCORECARD, NEW_SCORECARD).to_dict()))
    assert (members["old"], members["new"], members["differs"]) == ("old", "new", True)
    assert members["start"] == {"name": "start", "old": 48.0, "new": 48.3, "moved": 0.3}
    assert members["trust"] == {"old": 1.0, "new": 0.5}
    assert members["base_rate"] == {"old": 0.09, "new": None}
    assert {part["name"]: part["change"] for part in members["rules"]} == {
        "demo": "removed",
        "asked_for_demo": "added",
        "large": "changed",
        "fresh": "changed",
        "retail": "changed",
    }
    large = next(part for part in members["rules"] if part["name"] == "large")
    assert large["declared"] == {"name": "large", "old": 8.0, "new": 9.0, "moved": 1.0}
    assert large["effective"] == {"name": "large", "old": 8.0, "new": 4.5, "moved": -3.5}
    assert large["edits"] == [{"name": "when", "old": "employees >= 100", "new": "employees >= 200"}]
    assert [part["name"] for part in members["tables"]] == ["employees", "industry", "silent", "demo"]
    assert members["tables"][0] == {
        "name": "employees",
        "change": "changed",
        "size": 6,
        "moved": 2,
        "most": 3.5,
        "bins": [
            {"name": "30 to 50", "old": 0.5, "new": -1.5, "moved": -2.0},
            {"name": "50 to 70", "old": 2.0, "new": -1.5, "moved": -3.5},
        ],
    }
    assert [part["cells"][0]["name"] for part in members["pairs"]] == ["yes, 50 and up"]
    assert [part["cells"][0]["moved"] for part in members["combinations"]] == [-2.0]
    assert members["combinations"][0]["bounds"] == []
    assert members["lines"][0] == {
        "name": "lead",
        "points": {"name": "lead", "old": 60.0, "new": 58.5, "moved": -1.5},
        "edits": [],
    }
    assert members["lines"][1]["points"] == {"name": "opportunity", "old": 70.0, "new": None, "moved": None}
    assert [part["name"] for part in members["grades"]] == ["A", "C"]
    assert len(members["card"]) == 6


def test_nothing_differs() -> None:
    """A release compared with itself differs in nothing, and says so."""
    same = compare(OLD_SCORECARD, Scorecard(OLD_SCORECARD.card, OLD_SCORECARD.learned, "again"))
    assert not same
    assert same.to_dict()["differs"] is False
    assert diff_text(same) == "From old to again, in points\n\nNothing differs that a score depends on.\n"


@pytest.mark.parametrize(
    "part",
    [
        {"start": 481},
        {"trust": 0.9999999},
        {"base_rate": 0.1},
        {"terms": OLD.terms[:-1]},
        {"thresholds": {}},
        {"thresholds": {"opportunity": Threshold(700, promise="8 in 10")}},
    ],
)
def test_any_part_differs(part: dict[str, object]) -> None:
    """One learned part that differs, whichever it is, is a difference that the text shows."""
    diff = compare(OLD_SCORECARD, Scorecard(OLD_SCORECARD.card, Learned(**{**OLD.__dict__, **part}), "again"))
    assert diff
    assert "Nothing differs" not in diff_text(diff)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: small", "name: other"),
        ("name: small", "name: small\nmissing: [unknown]"),
        ("kind: text}", "kind: text, values: [retail]}"),
        ("points: -4", "points: -5"),
        ("reason: Is a shop", "reason: Sells to shoppers"),
        ("when: demo,", "when: not demo,"),
        (", group: size", ""),
        ("max: 20, ", ""),
        ("max: 20, min: -20", "best_of: yes"),
        ("- {name: contact}", "- {name: visitor}"),
        ("points: 60}", "points: 60, requires: [big]}"),
        ("points: 60}", "requires: [big]}"),
        ("points: 60}", "points: 60, hold: {band: 8, days: 14}}"),
        ("points: 60}", "points: 60, cool_down: 30 days}"),
        ("employees >= 50}", "employees >= 50, essential: no}"),
        ("employees < 2", "employees < 1"),
        ("grades: {A: 70", "grades: {A: 71"),
        ("name: small", "name: small\naxes: {fit: {grades: {A: 1}}, engagement: {grades: {1: 1}}}"),
    ],
)
def test_any_part_of_the_card_differs(old: str, new: str) -> None:
    """One part of the card that decides, whichever it is, is a difference that the text shows."""
    text = OLD_CARD.replace("requires: [big], ", "")
    diff = compare(build_untrained(parse_card(text)), build_untrained(parse_card(text.replace(old, new))))
    assert diff
    assert "Nothing differs" not in diff_text(diff)


@pytest.mark.parametrize(
    ("old", "new"), [("{kind: date}", "{kind: date, ask: When?}"), ("reason: Is large", "reason:  Is large")]
)
def test_what_does_not_count(old: str, new: str) -> None:
    """Questions, notes and the layout of the card move no points, and are no difference."""
    assert not compare(build_untrained(parse_card(OLD_CARD)), build_untrained(parse_card(OLD_CARD.replace(old, new))))


def test_many_rules_that_trust_alone_moved() -> None:
    """Of the rules that trust alone moved, the text shows those that moved most, and counts the others."""
    rules = "".join(f"  - {{name: rule_{i}, when: demo, points: {i}, reason: R}}\n" for i in range(1, 12))
    card = parse_card(f"name: many\nfields: {{demo: {{kind: flag}}}}\nrules:\n{rules}")
    diff = compare(Scorecard(card, Learned(), "a"), Scorecard(card, Learned(trust=0.5), "b"))
    assert len(diff.rules) == 11
    lines = diff_text(diff).splitlines()[5:]
    assert [line.split()[0] for line in lines[:-1]] == [f"rule_{i}" for i in (11, 10, 9, 8, 7, 6)]
    assert lines[-1] == "  … and 5 that moved less, all with trust alone"


def test_long_names_are_cut() -> None:
    """A text of the history that is long or holds odd characters is cut and escaped, so that columns line up."""
    level = "a\nvery long level " + "x" * 200
    old, new = (Table("industry", TextBins((level,)), points, (1, 1, 1)) for points in ((0, 0, 0), (0, 5, 0)))
    card = parse_card(OLD_CARD)
    diff = compare(Scorecard(card, Learned(terms=(old,)), "a"), Scorecard(card, Learned(terms=(new,)), "b"))
    assert diff.terms
    text = diff_text(diff, 60)
    assert "'a\\nvery long level xxx" in text
    assert max(map(len, text.splitlines())) == 60


def test_moves_and_cuts() -> None:
    """A rule that isn't there earns 0; a cut-off that isn't there is not a cut-off at 0."""
    assert PointsChange("a", None, 5).moved == 5
    assert PointsChange("a", 5, None).moved == -5
    assert CutoffChange("a", 5, None).moved is None
    assert TextChange("a", None, "b").to_dict() == {"name": "a", "old": None, "new": "b"}


def test_store_compares(tmp_path: Path) -> None:
    """The store compares two of its releases by name, either way round."""
    store = Releases(tmp_path)
    for text, learned in ((OLD_CARD, OLD), (NEW_CARD, NEW)):
        store.publish(text, learned, metrics={}, provenance={}, created=datetime(2026, 11, 24, tzinfo=UTC))
    old, new = store.names()
    diff, reverse = store.diff(old, new), store.diff(new, old)
    assert (diff.old, diff.new) == (old, new)
    assert diff_text(diff).splitlines()[1:] == TEXT.splitlines()[1:]
    assert reverse.start.moved == -diff.start.moved
    assert sorted(rule.effective.moved for rule in reverse.rules) == sorted(
        -rule.effective.moved for rule in diff.rules
    )
