"""What single edits do to a card's text, word for word, and their forms in JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadledger.scoring.card_edits.apply import apply_edit
from leadledger.scoring.card_edits.card_section import find_entry_lines, list_names, read_comment, read_entry
from leadledger.scoring.card_edits.edits import (
    DeleteEntry,
    Edit,
    MoveEntry,
    PutEntry,
    SetText,
    SetValue,
    read_edit,
    write_edit,
)
from leadledger.scoring.card_edits.values import Value
from leadledger.scoring.errors import CardEditError, ScoringError
from tests.effort import examples
from tests.scoring.card_edits.test_apply import ALL

CARD = """\
name: small
title: Small
fields:
  budget: {kind: number} # what is set aside
  need: {kind: text, values: [none, clear]}

criteria:
  means: {met: budget >= 10000}

rules:
  # The need
  - name: clear_need # asked on the phone
    when: need = 'clear'
    # measured in 2025
    points: 6
    reason: "Knows: what it needs"
  - name: no_need
    when: need = 'none'
    points: -20
    reason: Sees no need

  # One of a kind
  - name: rich
    when: budget > 100000
    points: 5
    reason: Is rich

stages:
  - {name: contact}
  - {name: lead, requires: [means]}

cases:
  - name: none
    lead: {need: none}
    expect: {points: 30}

  - lead: {need: clear}
    expect: {points: 56}
"""
RICH: dict[str, Value] = {"when": "budget > 100000", "points": 5, "reason": "Is rich"}

# What stands in the card before an edit, the edit, and what stands there afterwards.
CHANGES: dict[str, tuple[Edit, str, str]] = {
    "one key of a rule": (
        PutEntry("rules", "clear_need", {"when": "need  =  'clear'", "points": 8, "reason": "Knows: what it needs"}),
        "    # measured in 2025\n    points: 6\n",
        "    # measured in 2025\n    points: 8\n",
    ),
    "a key more, behind the one that it follows": (
        PutEntry(
            "rules",
            "rich",
            {"when": "budget > 100000", "points": 5, "why": "they pay: in advance", "reason": "Is rich"},
        ),
        "    points: 5\n    reason: Is rich\n",
        '    points: 5\n    why: "they pay: in advance"\n    reason: Is rich\n',
    ),
    "a key less, with its comment": (
        PutEntry("rules", "clear_need", {"when": "need = 'clear'", "reason": "Knows: what it needs"}),
        "    # measured in 2025\n    points: 6\n    reason",
        "    reason",
    ),
    "quotes go where they aren't needed any more": (
        PutEntry("rules", "clear_need", {"when": "need = 'clear'", "points": 6, "reason": "Knows it"}),
        '    reason: "Knows: what it needs"\n',
        "    reason: Knows it\n",
    ),
    "another name": (
        PutEntry("rules", "rich", RICH, rename="wealthy"),
        "  - name: rich\n",
        "  - name: wealthy\n",
    ),
    "another name of a field": (
        PutEntry("fields", "budget", {"kind": "number"}, rename="money"),
        "  budget: {kind: number} # what is set aside\n",
        "  money: {kind: number} # what is set aside\n",
    ),
    "a new rule behind another, with a comment": (
        PutEntry("rules", "poor", {**RICH, "when": "budget < 1"}, after="no_need", comment="asked\nby Lena"),
        "    reason: Sees no need\n\n",
        "    reason: Sees no need\n  # asked\n  # by Lena\n  - name: poor\n    when: budget < 1\n    points: 5\n"
        "    reason: Is rich\n\n",
    ),
    "a new rule above all": (
        PutEntry("rules", "poor", {"when": "budget < 1"}, after=""),
        "rules:\n  # The need\n",
        "rules:\n  - name: poor\n    when: budget < 1\n  # The need\n",
    ),
    "a new stage, in brackets as the others": (
        PutEntry("stages", "customer", {"points": 80, "requires": ["means"]}),
        "  - {name: lead, requires: [means]}\n",
        "  - {name: lead, requires: [means]}\n  - {name: customer, points: 80, requires: [means]}\n",
    ),
    "a new case, a blank line apart as the others": (
        PutEntry("cases", "rich", {"lead": {"budget": "1e6"}, "expect": {"points": 55}}),
        "    expect: {points: 56}\n",
        '    expect: {points: 56}\n\n  - name: rich\n    lead: {budget: "1e6"}\n    expect: {points: 55}\n',
    ),
    "a case without a name": (
        DeleteEntry("cases", "case 2"),
        "    expect: {points: 30}\n\n  - lead: {need: clear}\n    expect: {points: 56}\n",
        "    expect: {points: 30}\n",
    ),
    "a heading outlives the first rule below it": (
        DeleteEntry("rules", "clear_need"),
        "  # The need\n  - name: clear_need # asked on the phone\n    when: need = 'clear'\n    # measured in 2025\n"
        '    points: 6\n    reason: "Knows: what it needs"\n',
        "  # The need\n",
    ),
    "the comment of a rule of its own goes with it": (
        DeleteEntry("rules", "rich"),
        "\n  # One of a kind\n  - name: rich\n    when: budget > 100000\n    points: 5\n    reason: Is rich\n",
        "",
    ),
    "a section goes with its only entry": (
        DeleteEntry("criteria", "means"),
        "\ncriteria:\n  means: {met: budget >= 10000}\n",
        "",
    ),
    "a section comes with its first entry": (
        PutEntry("exclude", "poor", {"when": "budget < 1", "reason": "Is poor"}),
        "\nstages:\n",
        "\nexclude:\n  - name: poor\n    when: budget < 1\n    reason: Is poor\n\nstages:\n",
    ),
    "a rule with its comment goes up": (
        MoveEntry("rules", "rich", "clear_need"),
        "\"Knows: what it needs\"\n  - name: no_need\n    when: need = 'none'\n    points: -20\n"
        "    reason: Sees no need\n\n  # One of a kind\n  - name: rich\n    when: budget > 100000\n    points: 5\n"
        "    reason: Is rich\n",
        '"Knows: what it needs"\n  # One of a kind\n  - name: rich\n    when: budget > 100000\n    points: 5\n'
        "    reason: Is rich\n  - name: no_need\n    when: need = 'none'\n    points: -20\n    reason: Sees no need\n",
    ),
    "another comment": (
        PutEntry("rules", "rich", RICH, comment="rare"),
        "  # One of a kind\n",
        "  # rare\n",
    ),
    "no comment": (PutEntry("rules", "rich", RICH, comment=""), "  # One of a kind\n", ""),
    "a threshold": (
        SetValue(("stages", "lead", "points"), 62.5),
        "{name: lead, requires: [means]}",
        "{name: lead, requires: [means], points: 62.5}",
    ),
    "what a stage requires": (SetValue(("stages", "lead", "requires"), None), ", requires: [means]", ""),
    "grades, which the card had none of": (
        SetValue(("grades",), {"A": 70, "B": 50}),
        "\ncases:\n",
        "\ngrades: {A: 70, B: 50}\n\ncases:\n",
    ),
    "a title": (SetValue(("title",), "Small: yes"), "title: Small\n", 'title: "Small: yes"\n'),
    "a value of a field": (
        SetValue(("fields", "need", "values"), ["none", "vague", "clear"]),
        "[none, clear]",
        "[none, vague, clear]",
    ),
}


@pytest.mark.parametrize(("edit", "before", "after"), CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_change(edit: Edit, before: str, after: str, line_end: str) -> None:
    """An edit changes the lines that it must, and no other."""
    card, before, after = (text.replace("\n", line_end) for text in (CARD, before, after))
    assert card.count(before) == 1
    assert apply_edit(card, edit) == card.replace(before, after)
    assert apply_edit(f"\ufeff{card}", edit) == "\ufeff" + card.replace(before, after)
    assert apply_edit(card, read_edit(json.loads(json.dumps(write_edit(edit))))) == card.replace(before, after)


def test_long_condition_is_folded() -> None:
    """What doesn't fit on a line is folded, and still the same condition."""
    when = " or ".join(f"budget = {number}" for number in range(10000, 10020))
    edited = apply_edit(CARD, PutEntry("rules", "rich", {**RICH, "when": when}))
    assert max(map(len, edited.splitlines())) <= 120
    assert "    when: >-\n      budget = 10000 or" in edited
    assert read_entry(edited, "rules", "rich")["when"] == when
    assert apply_edit(edited, PutEntry("rules", "rich", RICH)) == CARD
    added = apply_edit(CARD, PutEntry("rules", "either", {**RICH, "when": when}))
    assert max(map(len, added.splitlines())) <= 120
    assert read_entry(added, "rules", "either")["when"] == when


def test_long_entry_takes_several_lines() -> None:
    """An entry that doesn't fit into the line of its neighbours takes a line for each key."""
    values = [f"a long value {number}" for number in range(12)]
    edited = apply_edit(CARD, PutEntry("fields", "city", {"kind": "text", "values": values}))
    assert "  city:\n    kind: text\n    values:\n      - a long value 0\n" in edited
    assert read_entry(edited, "fields", "city")["values"] == values
    assert apply_edit(edited, DeleteEntry("fields", "city")) == CARD


def test_first_entry_of_an_empty_section() -> None:
    """The first entry of a section that is there and empty takes the place of its brackets."""
    card = "name: a\nfields:\n  n: {kind: number}\nrules: [] # none yet\ngroups: {}\n"
    edited = apply_edit(card, PutEntry("rules", "r", {"when": "n > 1"}))
    assert edited == card.replace("rules: [] # none yet\n", "rules: # none yet\n  - name: r\n    when: n > 1\n")
    edited = apply_edit(card, PutEntry("groups", "g", {"max": 3}))
    assert edited == card.replace("groups: {}\n", "groups:\n  g: {max: 3}\n")


def test_only_field_leaves_an_empty_section() -> None:
    """A section that a card must have stays when its last entry goes; so does one with a comment."""
    assert apply_edit("name: a\nfields:\n  n: {kind: number}\n", DeleteEntry("fields", "n")) == "name: a\nfields: {}\n"
    card = "name: a\nfields: {}\n# what counts\nrules:\n  - name: r\n    points: 3\n"
    assert apply_edit(card, DeleteEntry("rules", "r")) == "name: a\nfields: {}\n# what counts\nrules: []\n"


def test_comments_below_an_entry() -> None:
    """A comment that is indented more than an entry belongs to the one above it: it stays and goes with that."""
    card = CARD.replace("    reason: Sees no need\n", "    reason: Sees no need\n\n    # seen twice\n")
    assert "# seen twice" not in apply_edit(card, DeleteEntry("rules", "no_need"))
    edited = apply_edit(card, PutEntry("rules", "poor", {"points": 3}, after="no_need"))
    assert "    # seen twice\n  - name: poor\n    points: 3\n\n  # One of a kind\n" in edited


def test_text_turned_off_stays() -> None:
    """Card text behind a `#` without a blank belongs to no entry, so that it stays when the entry below it goes."""
    card = CARD.replace("  # One of a kind\n", "  #- name: old\n  #  points: 3\n")
    assert "  #- name: old\n" in apply_edit(card, DeleteEntry("rules", "rich"))
    assert read_comment(card, "rules", "rich") == ""


def test_reading() -> None:
    """Names, keys and comments of entries are read as they stand there."""
    assert list_names(CARD, "rules") == ("clear_need", "no_need", "rich")
    assert list_names(CARD, "cases") == ("none", "case 2")
    assert list_names(CARD, "exclude") == ()
    assert read_entry(CARD, "stages", "lead") == {"requires": ["means"]}
    assert read_comment(CARD, "rules", "rich") == "One of a kind"
    assert read_comment(CARD, "rules", "clear_need") == ""


def test_lines() -> None:
    """The lines of an entry are those of its comment and of its keys."""
    lines = CARD.splitlines()
    first, last = find_entry_lines(CARD, "rules", "rich")
    assert (lines[first - 1], lines[last - 1]) == ("  # One of a kind", "    reason: Is rich")
    assert find_entry_lines(CARD, "rules", "clear_need")[0] == lines.index("  # The need") + 2
    assert find_entry_lines("name: a\nfields: {n: {kind: number},\n  m: {kind: text}}\n", "fields", "m") == (3, 3)


def test_whole_text_keeps_line_ends() -> None:
    """A text box sends other line ends and no mark; the lines of the card end as they did."""
    card = "\ufeff" + CARD.replace("\n", "\r\n")
    assert apply_edit(card, SetText(CARD)) == card
    changed = CARD.replace("points: -20", "points: -21\n    why: a\n    since: 2025-01-01")
    assert apply_edit(card, SetText(changed)) == "\ufeff" + changed.replace("\n", "\r\n")
    assert apply_edit(CARD, SetText(changed.replace("\n", "\r\n"))) == changed
    mixed = CARD.replace("title: Small\n", "title: Small\r\n")
    assert apply_edit(mixed, SetText(changed.replace("\n", "\r\n"))) == mixed.replace(
        CARD[-200:], changed[-200:]
    ).replace("points: -20", "points: -21\n    why: a\n    since: 2025-01-01")
    assert apply_edit("", SetText("name: a\n")) == "name: a\n"
    assert apply_edit(CARD.rstrip(), SetText(CARD)) == CARD


REFUSED: dict[str, tuple[str, Edit, str]] = {
    "no such rule": (
        CARD,
        DeleteEntry("rules", "clear_ned"),
        "the card has no rule 'clear_ned'. Did you mean 'clear_need'?",
    ),
    "no such place": (
        CARD,
        PutEntry("rules", "new", {}, after="old"),
        "the card has no rule 'old'. Use one of: clear_need, no_need, rich.",
    ),
    "no section": (CARD, DeleteEntry("exclude", "x"), "the card has no exclusion 'x'."),
    "no name": (
        CARD,
        PutEntry("rules", "CEO", {}),
        "the name of the rule is 'CEO'; it must start with a to z, go on with a to z, 0 to 9 and _, and have at most 60"
        " characters",
    ),
    "no name of a case": (CARD, PutEntry("cases", " ", {}), "the name of the case is empty; give it one"),
    "a name that is there": (
        CARD,
        PutEntry("rules", "rich", RICH, rename="no_need"),
        "the card has a rule 'no_need' already; choose another name",
    ),
    "a name among the keys": (
        CARD,
        PutEntry("rules", "rich", {**RICH, "name": "x"}),
        "`name` is among the keys of the rule; a new name is a `rename`",
    ),
    "two of a name": (
        CARD.replace("name: rich", "name: no_need"),
        DeleteEntry("rules", "no_need"),
        "two rules have the name 'no_need', on lines 17 and 23; rename one of the two",
    ),
    "a section twice": (
        CARD + "title: Large\n",
        DeleteEntry("rules", "rich"),
        "'title' stands twice in the card; remove one of the two in its text first",
    ),
    "a key twice": (
        CARD.replace("title: Small", "base_rate: 0.1\noutcome: {since: a, since: b}"),
        SetValue(("outcome", "since"), "c"),
        "'since' stands twice in outcome; remove one of the two in the text",
    ),
    "no list": (
        "name: a\nrules: {r: {points: 3}}\n",
        DeleteEntry("rules", "r"),
        "line 2: `rules` is not a list; mend the card's text first",
    ),
    "no mapping": (
        "name: a\nfields: [n]\n",
        DeleteEntry("fields", "n"),
        "line 2: `fields` is not a mapping of `name: …` lines; mend the card's text first",
    ),
    "no card": (
        "- a\n",
        DeleteEntry("rules", "r"),
        "the card is not a mapping of `key: value` lines; mend its text first",
    ),
    "no YAML": (
        "name: [a\n",
        DeleteEntry("rules", "r"),
        "card.yaml:1:7: this is not YAML: this '[' is never closed, or a ',' is missing after one of its values",
    ),
    "an anchor": (
        CARD.replace("{kind: number}", "&n {kind: number}"),
        DeleteEntry("rules", "rich"),
        "card.yaml:4:11: anchors (&) and aliases (*) are not allowed; write the value out, or put the text in quotes",
    ),
    "a comment in brackets": (
        "name: a\nfields: {n: {kind: number}}\n",
        PutEntry("fields", "m", {"kind": "number"}, comment="why"),
        "line 2: what shares its line with others can have no comment above it; put it on a line of its own",
    ),
    "another comment in brackets": (
        "name: a\nfields: {n: {kind: number}}\n",
        PutEntry("fields", "n", {"kind": "number"}, comment="why"),
        "field 'n' shares its line with others, so no comment can stand above it",
    ),
    "all in brackets": (
        "{name: a, fields: {n: {kind: number}}}\n",
        PutEntry("rules", "r", {"points": 3}),
        "the card stands in brackets; write its sections on lines of their own first",
    ),
    "a control": (
        CARD,
        PutEntry("rules", "rich", {**RICH, "reason": "a\u202eb"}),
        "`reason` holds the sign '\\u202e', which a card can't hold; remove it",
    ),
    "no number": (
        CARD,
        SetValue(("base_rate",), float("nan")),
        "`base_rate` is nan, which is not a number that a card can hold; give another",
    ),
    "nothing": (
        CARD,
        PutEntry("rules", "rich", {"when": None}),  # type: ignore[dict-item]  # as a caller might
        "`when` is nothing, which a card can't hold here; give a text, a number or yes / no",
    ),
    "a whole rule as a value": (
        CARD,
        SetValue(("rules", "rich"), "x"),
        "rules.rich is a whole rule; put or delete it instead",
    ),
    "a path that leads nowhere": (
        CARD,
        SetValue(("outcome", "became", "field"), "x"),
        "the card has no outcome with keys of its own; add it first",
    ),
    "no path": (CARD, SetValue((), "x"), 'the path is empty; write it like ["stages", "opportunity", "points"]'),
    "what can't be told apart": (
        "name: a\nfields: {n}\n",
        PutEntry("fields", "n", {"kind": "number"}),
        "`fields`, line 2, is written in a way that can't be edited without changing more; edit its text by hand",
    ),
}


@pytest.mark.parametrize(("card", "edit", "message"), REFUSED.values(), ids=REFUSED)
def test_refused(card: str, edit: Edit, message: str) -> None:
    """What can't be edited is refused, with how to mend it."""
    with pytest.raises(ScoringError) as error:
        apply_edit(card, edit)
    assert str(error.value) == message


BODIES: dict[str, tuple[Any, str]] = {
    "no object": (3, 'an edit is an object such as {"kind": "delete_rule", "name": "newsletter"}'),
    "no kind": ({"kind": "put_rul"}, "`kind` of an edit is 'put_rul'. Did you mean 'put_rule'?"),
    "unknown member": (
        {"kind": "delete_rule", "nam": "a"},
        "unknown member 'nam' in delete_rule. Did you mean 'name'?",
    ),
    "no name": ({"kind": "delete_rule"}, "`name` of delete_rule is None; it must be a text"),
    "no keys": (
        {"kind": "put_rule", "name": "a", "keys": 3},
        '`keys` of put_rule is not an object; write it like {"points": 8}',
    ),
    "null": (
        {"kind": "put_rule", "name": "a", "keys": {"why": None}},
        "`keys.why` of put_rule is null; leave it out to remove it",
    ),
    "no path": (
        {"kind": "set_value", "path": "title", "value": 3},
        '`path` of set_value is not a list of names; write it like ["stages", "lead", "points"]',
    ),
    "deep": (
        {"kind": "set_value", "path": ["title"], "value": [[[[[[[[3]]]]]]]]},
        f"`value{'[0]' * 8}` of set_value is nested too deeply",
    ),
}


@pytest.mark.parametrize(("body", "message"), BODIES.values(), ids=BODIES)
def test_body_refused(body: Any, message: str) -> None:
    """An edit in JSON that says nothing clear is refused with the path of its mistake."""
    with pytest.raises(CardEditError) as error:
        read_edit(body)
    assert str(error.value) == message


@settings(max_examples=examples(150), deadline=None)
@given(st.sampled_from(sorted(ALL)), st.data())
def test_broken_texts(card: str, data: st.DataObject) -> None:
    """Whatever a text holds, an edit of it is made or refused."""
    text = ALL[card]
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    piece = data.draw(
        st.sampled_from(["", "\t", "- ", "{", "]", ": ", "\n", "'", '"', "|", "? ", "&a ", "#", "\u2028", "\r"])
    )
    broken = text[:start] + piece + text[end:]
    for edit in (
        DeleteEntry("rules", "r"),
        PutEntry("rules", "brand_new", {"points": 3}),
        PutEntry("fields", "n", {"kind": "text"}, comment="why"),
        MoveEntry("fields", "n"),
        SetValue(("title",), "x"),
        SetValue(("rules", "r", "points"), 3),
    ):
        try:
            assert isinstance(apply_edit(broken, edit), str)
        except ScoringError:
            continue


def test_long_comment_takes_several_lines() -> None:
    """A long comment takes several lines."""
    edited = apply_edit(CARD, PutEntry("rules", "rich", RICH, comment=" ".join(["word"] * 60)))
    assert max(map(len, edited.splitlines())) <= 120
    assert read_comment(edited, "rules", "rich").split() == ["word"] * 60
