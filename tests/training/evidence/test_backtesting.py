"""The back-test: which leads change, what the threshold would have brought, and which edit is responsible."""

from __future__ import annotations

import json
from dataclasses import astuple, replace
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from leadledger.models.releases.store import Releases
from leadledger.scoring.bins import FlagBins
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.errors import DataError
from leadledger.scoring.lookup import Table
from leadledger.scoring.scorecard import Card, Learned, build_untrained
from leadledger.training.evidence.backtesting import Backtest, Rate, backtest, learned_for
from leadledger.training.evidence.backtesting_text import backtest_text
from leadledger.training.evidence.card_edits import CardEdit, swap_in
from leadledger.training.history_reader import read_history

CARD = """
name: small
fields:
  key: {kind: id}
  n: {kind: flag}
  m: {kind: flag}
  budget: {kind: number}
criteria:
  budget: {met: budget >= 100}
groups:
  g: {max: 30}
rules:
  - {name: a, when: n, points: 20, reason: A, group: g}
  - {name: b, when: m, points: 10, reason: B, group: g}
exclude:
  - {name: poor, when: budget < 10, reason: Poor}
stages:
  - {name: lead}
  - {name: opportunity, requires: [budget], points: 80}
grades: {A: 75, B: 55}
outcome: {became: {field: won, kind: flag}}
"""
#            totals, old:   80     70     60     50     80: no budget, 80: excluded
LEADS = pd.DataFrame(
    {
        "key": ["one", "two", "three", "four", "five", "six"],
        "n": [True, True, False, False, True, True],
        "m": [True, False, True, False, True, True],
        "budget": [200, 200, 200, 200, 50, 5],
        "won": [1, 0, 1, 0, 1, 0],
    }
)


def tried(*edits: tuple[str, str], history: pd.DataFrame = LEADS, learned: Learned | None = None) -> Backtest:
    """The back-test of the card against itself with some words replaced."""
    return backtest(parse_card(CARD), edited(*edits), history, learned=learned)


def edited(*edits: tuple[str, str]) -> Card:
    """The card with some words replaced."""
    text = CARD
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return parse_card(text)


def answers(test: Backtest) -> dict[str, tuple[int, int]]:
    """How many changed leads each edit answers for: alone, and needed."""
    return {edit.title: (edit.alone, edit.needed) for edit in test.edits}


def test_the_same_card_changes_nothing() -> None:
    """No edit, no change, and the text says so."""
    test = tried()
    assert (test.leads, test.won, test.changed, test.edits, len(test.changes)) == (6, 3, 0, (), 0)
    assert "The two cards differ in nothing that a score depends on." in backtest_text(test)


def test_a_threshold_that_moves() -> None:
    """At 70 points one more lead is promoted, which became none: precision and recall are counted by hand."""
    test = tried(("points: 80", "points: 70"))
    assert test.changes.to_dict("records") == [
        {
            "row": 2,
            "id": "two",
            "old_points": 70.0,
            "old_score": 70,
            "old_grade": "B",
            "old_recommendation": "nurture",
            "new_points": 70.0,
            "new_score": 70,
            "new_grade": "B",
            "new_recommendation": "promote",
            "became_opportunity": "no",
        }
    ]
    assert test.thresholds is not None
    old, new = test.thresholds
    # The fifth has no budget and the sixth is excluded; neither can be promoted, whatever its points.
    assert (old.promoted, old.recall) == (Rate(1, 1), Rate(3, 1))
    assert (new.promoted, new.recall) == (Rate(2, 1), Rate(3, 1))
    assert (test.gained, test.dropped) == (Rate(1, 0), Rate(0, 0))
    assert answers(test) == {"line opportunity": (1, 1)}
    assert test.edits[0].said == "80.0 → 70.0"
    assert [astuple(transition) for transition in test.transitions] == [("recommendation", "nurture", "promote", 1, 0)]


def test_a_grade_of_an_axis_that_a_stage_asks_for() -> None:
    """A stage that asks for a grade promotes fewer; where the grade starts is an edit of its own."""
    axes = "axes: {fit: {grades: {A: 30, B: 10}}, engagement: {grades: {1: 1}}}\ngrades:"
    card = edited(("requires: [budget], points: 80", "requires: [budget], points: 60"), ("grades:", axes))
    asking = edited(("requires: [budget], points: 80", "requires: [budget], points: 60, fit: A"), ("grades:", axes))
    test = backtest(card, asking, LEADS)
    assert test.thresholds is not None
    old, new = test.thresholds
    assert (old.promoted, new.promoted) == (Rate(3, 2), Rate(1, 1))
    assert answers(test) == {"stage opportunity": (2, 2)}
    assert test.edits[0].said == "requires budget → requires budget, fit A"
    lower = edited(
        ("requires: [budget], points: 80", "requires: [budget], points: 60, fit: A"),
        ("grades:", axes.replace("30", "20")),
    )
    test = backtest(asking, lower, LEADS)
    assert answers(test) == {"axis fit": (1, 1)}
    assert list(test.changes["id"]) == ["two"]


def test_each_edit_answers_for_its_own_leads() -> None:
    """Three edits, each of which changes one lead by itself; none is needed for another's."""
    test = tried(
        ("name: a, when: n, points: 20", "name: a, when: n, points: 21"),  # moves nobody over anything
        ("budget < 10", "budget < 60"),  # the fifth: nurture to disqualify
        ("B: 55", "B: 45"),  # the fourth: from C to B
        ("A: 75", "A: 78"),
        ("met: budget >= 100", "met: budget >= 100 and m"),  # nobody: those without m are not promoted anyway
    )
    assert sorted(test.changes["id"]) == ["five", "four"]
    assert answers(test) == {
        "exclusion poor": (1, 1),
        "grades": (1, 1),
        "rule a": (0, 0),
        "criterion budget": (0, 0),
    }
    assert test.together == 0


def test_edits_that_work_only_together() -> None:
    """A lead that reaches the line only by more points and a wider cap: neither alone, both needed."""
    line = ("points: 80}", "points: 85}")
    old = edited(line)
    new = edited(line, ("{max: 30}", "{max: 50}"), ("name: a, when: n, points: 20", "name: a, when: n, points: 27"))
    test = backtest(old, new, LEADS)
    # The first goes from 80 to 87 and is promoted. The second goes from 70 to 77, an A, without the cap as with it.
    assert test.changes["id"].tolist() == ["one", "two"]
    assert answers(test) == {"rule a": (1, 2), "group g": (0, 1)}
    assert test.together == 1
    assert "Changed only by several edits together: 1." in backtest_text(test)


def test_rules_that_come_and_go() -> None:
    """An added rule brings the field that it asks; a removed one is an edit like any other."""
    test = tried(
        ("  - {name: b, when: m, points: 10, reason: B, group: g}\n", ""),
        ("exclude:", "  - {name: rich, when: rich, points: 30, reason: R}\nexclude:"),
        ("criteria:", "  rich: {kind: flag, is: budget > 150}\ncriteria:"),
    )
    assert test.changes.set_index("id")["new_points"].to_dict() == {
        "two": 100.0,  # promoted now, as the next two
        "three": 80.0,
        "four": 80.0,
        "five": 70.0,  # from A to B, as the last
        "six": 70.0,
    }
    # Without either edit the third still changes: to C without the new rule, to A without the removal.
    assert answers(test) == {"rule rich": (3, 2), "rule b": (3, 2)}
    assert [edit.said for edit in test.edits] == ["added, +30.0", "removed"]


def test_learned_tables_count_in_both() -> None:
    """What a release has learned is applied to both cards: its table, its trust and its line."""
    learned = Learned(0.5, 450, 0.5, (Table("n", FlagBins(), (0, 0, 100), (1, 1, 1)),))
    test = tried(("name: b, when: m, points: 10", "name: b, when: m, points: 30"), learned=learned)
    # The first: 45 + 10 (table) + 15 (a and b, of at most 15) either way. The third: 45 + 5, then 45 + 15.
    assert test.changes.set_index("id")[["old_points", "new_points"]].to_dict("index") == {
        "three": {"old_points": 50.0, "new_points": 60.0}
    }
    assert test.release == ""
    assert not any("declared" in note for note in test.notes)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (("field: won", "field: gone"), "the two cards don't predict the same outcome: the old one says won (flag)"),
        (
            (
                "budget: {kind: number}\ncriteria:\n  budget: {met: budget >= 100}",
                "budget: {kind: text}\ncriteria:\n  budget: {met: budget = 'x'}",
            ),
            "the field 'budget' is a number in the old card and a text in the new one; give the new one another name",
        ),
    ],
)
def test_cards_that_cant_be_compared(edit: tuple[str, str], message: str) -> None:
    """Another outcome, or a field of another kind: refused, with the way to mend it."""
    text = CARD.replace(*edit).replace("exclude:\n  - {name: poor, when: budget < 10, reason: Poor}\n", "")
    with pytest.raises(DataError) as refused:
        backtest(parse_card(CARD), parse_card(text), LEADS)
    assert message in str(refused.value)


def test_a_release_must_suit_both_cards() -> None:
    """A table that asks a field which the new card lacks is refused, before anything is read."""
    learned = Learned(0.5, terms=(Table("m", FlagBins(), (0, 0, 1), (1, 1, 1)),))
    with pytest.raises(DataError) as refused:
        tried(
            ("  m: {kind: flag}\n", ""),
            ("  - {name: b, when: m, points: 10, reason: B, group: g}\n", ""),
            learned=learned,
        )
    assert str(refused.value) == (
        "the new card doesn't fit the release: the term 'm' asks the field 'm', which the card doesn't have."
        " Use one of: key, n, budget."
    )


def test_what_cant_be_tried_is_reported() -> None:
    """A field without a column, rows that can't be read or that only one card reads, rules as declared."""
    history = LEADS.astype({"budget": object})
    history.loc[3, "budget"] = "lots"
    old = CARD.replace("key: {kind: id}", "key: {kind: text}")
    new = CARD.replace("key: {kind: id}", "key: {kind: text, values: [one, two, three, five]}")
    new = new.replace("criteria:", "  new: {kind: flag}\ncriteria:")
    new = new.replace("exclude:", "  - {name: c, when: new, points: 9, reason: C}\nexclude:")
    with pytest.raises(DataError, match=r"^the data frame: a field that the card uses has no column: new\. "):
        backtest(parse_card(old), parse_card(new), history)
    test = backtest(parse_card(old), parse_card(new), history, without=["new"])
    assert test.leads == 4
    assert test.notes == (
        "Left out, of 6 rows: 1 unreadable.",
        "Left out too, for a value that only one of the two cards can read: 1.",
        "The history has no column for 'new': what the new card does with it can't be tried.",
        "Rules count as declared: no learned points are applied.",
    )


EDITS = {  # every kind of edit, and the words that make it
    "rule": ("a", "name: a, when: n, points: 20", "name: a, when: n and m, points: 20"),
    "criterion": ("budget", "met: budget >= 100", "met: budget >= 50"),
    "exclusion": ("poor", "when: budget < 10", "when: budget < 1"),
    "group": ("g", "{max: 30}", "{max: 20}"),
    "field": ("budget", "budget: {kind: number}", "budget: {kind: number, missing: [200]}"),
    "question": ("n", "n: {kind: flag}", "n: {kind: flag, ask: N?}"),
    "stage": ("opportunity", "requires: [budget], ", ""),
    "line": ("opportunity", "points: 80}", "points: 90}"),
    "stages": ("", "  - {name: lead}\n", "  - {name: contact}\n  - {name: lead}\n"),
    "grades": ("", "A: 75", "A: 85"),
    "missing": ("", "name: small\n", 'name: small\nmissing: ["-"]\n'),
    "trust": ("", "name: small\n", "name: small\ntrust: 0.5\n"),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", EDITS)
def test_every_kind_of_edit_is_found_and_swapped(kind: str) -> None:
    """The edit is named, putting it into the old card gives the new one, and keeping it out gives the old one."""
    name, words, others = EDITS[kind]
    old, new = parse_card(CARD), edited((words, others))
    test = backtest(old, new, LEADS)
    assert [(edit.kind, edit.name) for edit in test.edits] == [(kind, name)]
    assert swap_in(old, new, test.edits[0]) == new
    assert swap_in(new, old, test.edits[0]) == old
    assert test.edits[0].alone == test.edits[0].needed == test.changed


def test_what_decides_nothing_is_no_edit() -> None:
    """Another reason or title changes no lead, and isn't listed."""
    assert tried(("reason: A,", "reason: Another,"), ("name: small", "name: small\ntitle: T")).edits == ()


def test_a_part_brings_what_it_needs() -> None:
    """A rule in a new group brings the group; a stage that requires a new criterion brings that."""
    old = parse_card(CARD)
    new = edited(
        ("name: b, when: m, points: 10, reason: B, group: g", "name: b, when: m, points: 10, reason: B, group: h"),
        ("  g: {max: 30}", "  g: {max: 30}\n  h: {max: 5}"),
        ("  budget: {met: budget >= 100}", "  budget: {met: budget >= 100}\n  fit: {met: n}"),
        ("requires: [budget]", "requires: [budget, fit]"),
    )
    assert [group.name for group in swap_in(old, new, CardEdit("rule", "b", "")).groups] == ["g", "h"]
    assert [criterion.name for criterion in swap_in(old, new, CardEdit("stage", "opportunity", "")).criteria] == [
        "budget",
        "fit",
    ]
    # A criterion that a stage still requires stays.
    assert [criterion.name for criterion in swap_in(new, old, CardEdit("criterion", "fit", "")).criteria] == [
        "budget",
        "fit",
    ]
    assert answers(backtest(old, new, LEADS))["criterion fit"] == (0, 0)


def test_the_release_of_the_same_card(tmp_path: Path) -> None:
    """The current release counts if it is of the same card; another card's is passed over, or refused if asked for."""
    releases, card = Releases(tmp_path), parse_card(CARD)
    assert learned_for(card, releases) is None
    name = releases.publish(CARD, Learned(0.5), metrics={}, provenance={}, created=datetime(2026, 7, 1, tzinfo=UTC))
    opened = learned_for(card, releases)
    assert opened is not None
    assert opened.release == name
    renamed = replace(card, name="other")
    assert learned_for(renamed, releases) is None
    with pytest.raises(DataError) as refused:
        learned_for(renamed, releases, name)
    assert str(refused.value) == (
        f"release {name} is of the card 'small', and the old card is 'other'; name a release of the same card"
    )


def test_the_record_is_json_and_text() -> None:
    """All of it as JSON; the text keeps to 80 columns; a notebook gets a table."""
    test = tried(("points: 80}", "points: 70}"), ("A: 75", "A: 85"), ("when: budget < 10", "when: budget < 60"))
    content = json.loads(json.dumps(test.to_dict()))
    assert content["at_the_line"]["new"]["precision"] == {
        "leads": 2,
        "won": 1,
        "rate": 0.5,
        "low": pytest.approx(0.0126, abs=1e-4),
        "high": pytest.approx(0.9874, abs=1e-4),
    }
    assert content["at_the_line"]["new"]["line"] == 70.0
    assert max(map(len, backtest_text(test, 80).splitlines())) <= 80
    assert "<table" in test._repr_html_()


def test_leads_are_asked_in_their_own_order() -> None:
    """Columns of the printed SQL come for the leads of the history, whatever the order of the file."""
    card = parse_card(CARD)
    history = read_history(card, LEADS)
    turned = replace(history, rows=history.rows[::-1])
    (totals,) = turned.select(build_untrained(card), ['CAST("ll:total" AS INTEGER)'])
    assert totals.tolist() == [800, 800, 500, 600, 700, 800]
