"""Edits of a card's text: what they change, what they leave alone, and what they refuse."""

from __future__ import annotations

import contextlib
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.card_edits.apply import apply_edit
from leadledger.scoring.card_edits.card_section import find_entry_lines, list_names, read_comment, read_entry
from leadledger.scoring.card_edits.edits import (
    LISTS,
    SECTIONS,
    DeleteEntry,
    MoveEntry,
    PutEntry,
)
from leadledger.scoring.errors import CardEditError, ScoringError
from tests.effort import examples

ROOT = Path(__file__).parents[3]


def read_cards() -> dict[str, str]:
    """The cards of the examples and of the cases, except those of recorded homes, which are copies of an example's."""
    cards = {}
    cases = ROOT / "tests" / "cases"
    for path in sorted([*(ROOT / "examples").rglob("*.yaml"), *cases.rglob("*.yaml")]):
        if (cases / "upgrade") in path.parents:
            continue
        text = path.read_bytes().decode("utf-8-sig")
        with contextlib.suppress(ScoringError):
            parse_card(text)
            cards[str(path.relative_to(ROOT))] = text
    return cards


CARDS = read_cards()
EXAMPLE = CARDS["examples/b2b-software/card-with-events.yaml"]
RULES = "rules:\n  - name: r\n    when: n > 1\n    points: 3\n    reason: R\n"
AWKWARD = {
    "no line end": f"name: a\nfields:\n  n: {{kind: number}}\n{RULES}".rstrip(),
    "comments at ends": (
        "name: a # the name\n\nfields:\n  n: {kind: number} # a number\n  # of what\n\n# rules\nrules:\n"
        "  # one\n  - name: r # r\n    # why\n    when: n > 1 # more\n    points: 3\n    reason: R\n"
        "    # nothing else\n\n  # two\n  -   name: s\n      when: n > 2\n      points: 4\n      reason: S\n# end\n"
    ),
    "not indented": (
        "name: a\nfields:\n    n:\n        kind: number\n    t:\n        kind: text\n        values:\n        - x\n"
        "        - y\nrules:\n- name: r\n  when: n > 1\n  points: 3\n  reason: R\n- name: s\n  when: >-\n    n > 2\n"
        "    or t = 'x'\n  points: 4\n  reason: 'S: s'\n"
    ),
    "in brackets": (
        "name: a\nfields: {n: {kind: number}, t: {kind: text, values: [\n  x,\n  y, # why\n]}}\n"
        "rules: [{name: r, when: n > 1, points: 3, reason: R},\n  {name: s, when: n > 2, points: 4, reason: S}]\n"
    ),
    "nothing but fields": "name: a\nfields:\n  n: {kind: number}\n",
    "dashes alone": f"name: a\nfields:\n  n: {{kind: number}}\n{RULES}".replace("  - name", "  -\n    name"),
    "kept line ends": (
        f"name: a\nfields:\n  n: {{kind: number}}\n{RULES}".replace("reason: R", "reason: |+\n      R\n\n")
        + "base_rate: 0.1\n"
    ),
}
AWKWARD |= {f"{name}, Windows": text.replace("\n", "\r\n") for name, text in AWKWARD.items()}
AWKWARD["mark"] = "\ufeff" + AWKWARD["comments at ends"]
ALL = CARDS | AWKWARD
WORDS = {section: word for word, section in SECTIONS.items()}

texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).filter(
    lambda text: text.strip()
)
lines = st.sampled_from(
    ["Runs the firm", "yes", "a: b", "# no", "it's", '"q"', "- x", "[a]", "null", "8", "1e3", "ÅØ 😀"]
)
values = st.one_of(lines, st.integers(-99, 99), st.booleans(), st.lists(lines, min_size=1, max_size=3))
keys_of_new = st.fixed_dictionaries(
    {"reason": lines | texts.map(str.strip)},
    optional={"points": st.integers(-99, 99), "why": lines, "values": st.lists(lines, min_size=1, max_size=3)},
)


def load(text: str) -> dict[str, Any]:
    """A card as plain values, read by another reader of YAML than the edits use."""
    return dict(yaml.load(text.removeprefix("\ufeff"), Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader)))


def find(card: dict[str, Any], section: str, name: str) -> Any:
    """The entry of a name among plain values."""
    if section not in LISTS:
        return card[section][name]
    entries = [entry for i, entry in enumerate(card[section]) if entry.get("name", f"{WORDS[section]} {i + 1}") == name]
    assert len(entries) == 1
    return entries[0]


# By card and section; read once, since each drawing would otherwise read the card again.
NAMES = {card: {section: list_names(text, section) for section in WORDS} for card, text in ALL.items()}


@st.composite
def entries_of_cards(draw: st.DrawFn) -> tuple[str, str, str]:
    """A card's text, a section of it, and the name of an entry."""
    card = draw(st.sampled_from(sorted(ALL)))
    section = draw(st.sampled_from([section for section in WORDS if NAMES[card][section]]))
    return ALL[card], section, draw(st.sampled_from(NAMES[card][section]))


@pytest.mark.slow
@pytest.mark.parametrize("text", ALL.values(), ids=ALL)
def test_same_content_changes_nothing(text: str) -> None:
    """An entry that is replaced by its own content, or moved to its own place, leaves every byte as it was."""
    for section in WORDS:
        before = ""
        for name in list_names(text, section):
            comment = read_comment(text, section, name)
            put = PutEntry(section, name, read_entry(text, section, name), comment=comment)
            assert apply_edit(text, put) == text
            assert apply_edit(text, MoveEntry(section, name, before)) == text
            before = name


@pytest.mark.slow
@settings(max_examples=examples(150), deadline=None)
@given(st.sampled_from(sorted(ALL)), st.sampled_from(sorted(WORDS)), keys_of_new, st.data())
def test_put_and_deleted_again(card: str, section: str, keys: dict[str, Any], data: st.DataObject) -> None:
    """A new entry can be put anywhere, and the text without it is the same again."""
    text = ALL[card]
    names = NAMES[card][section]
    after = data.draw(st.sampled_from([None, *(["", *names] if names else [])]))
    comment = data.draw(st.sampled_from([None, "one visit is curiosity, two are a comparison"]))
    assume(not (after == "" and comment))  # it could be taken for the heading of those below it
    edit = PutEntry(section, "brand_new", keys, after, comment)
    if comment and "in brackets" in card and section in ("rules", "fields"):
        with pytest.raises(CardEditError, match="can have no comment above it"):
            apply_edit(text, edit)
        return
    edited = apply_edit(text, edit)
    assert is_insertion(text, edited)
    wanted, was = load(edited), load(text)
    added = find(wanted, section, "brand_new")
    assert {key: value for key, value in added.items() if key != "name"} == load_values(keys)
    if section in LISTS:
        place = len(names) if after is None else [*names].index(after) + 1 if after else 0
        assert wanted[section][place] == added
        wanted[section].remove(added)
    else:
        del wanted[section]["brand_new"]
    assert {key: value for key, value in wanted.items() if value} == was
    assert apply_edit(edited, edit) == edited
    assert apply_edit(edited, DeleteEntry(section, "brand_new")) == text


def is_insertion(text: str, edited: str) -> bool:
    """Whether a text is another with one piece more."""
    more = len(edited) - len(text)
    head = next((i for i, (old, new) in enumerate(zip(text, edited, strict=False)) if old != new), len(text))
    return any(edited[:at] + edited[at + more :] == text for at in range(max(0, head - more), head + 1))


def load_values(keys: dict[str, Any]) -> dict[str, Any]:
    """Values as a reader that types nothing sees them."""

    def load_value(value: Any) -> Any:
        if isinstance(value, list):
            return [load_value(part) for part in value]
        return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)

    return {key: load_value(value) for key, value in keys.items()}


@settings(max_examples=examples(150), deadline=None)
@given(entries_of_cards(), st.data())
def test_replaced_and_back(entry: tuple[str, str, str], data: st.DataObject) -> None:
    """One key of an entry changes, and nothing else; put back, it is what it was."""
    text, section, name = entry
    keys = read_entry(text, section, name)
    assume(keys)
    key = data.draw(st.sampled_from(sorted(keys)))
    value = data.draw(values)
    edited = apply_edit(text, PutEntry(section, name, {**keys, key: value}))
    first, last = find_entry_lines(text, section, name)
    before, after = (version.splitlines(keepends=True) for version in (text, edited))
    assert after[: first - 1] == before[: first - 1]
    assert after[len(after) - (len(before) - last) :] == before[last:]
    wanted = load(text)
    find(wanted, section, name)[key] = load_values({key: value})[key]
    assert load(edited) == wanted
    assert count_comments(edited) >= count_comments(text) or not isinstance(keys[key], str)
    back = apply_edit(edited, PutEntry(section, name, keys))
    if "\n" in str(keys[key]):
        return  # such white space doesn't count, and comes back as blanks
    assert load(back) == load(text)
    if (
        isinstance(value, str)
        and isinstance(keys[key], str)
        and len(str(keys[key])) < 60
        and "\n" not in str(keys[key])
    ):
        assert list_words(back) == list_words(text)


def list_words(text: str) -> list[str]:
    """The words of a text, without quotes: a value that came back may be quoted and folded otherwise."""
    return text.replace('"', "").replace("'", "").split()


def count_comments(text: str) -> int:
    """How many lines of a text hold a comment, roughly."""
    return sum("# " in line for line in text.splitlines())


@settings(max_examples=examples(100), deadline=None)
@given(entries_of_cards())
def test_deleted(entry: tuple[str, str, str]) -> None:
    """A deleted entry is gone, and all else has the values that it had; lines go, and none is new."""
    text, section, name = entry
    edited = apply_edit(text, DeleteEntry(section, name))
    wanted = load(text)
    gone = find(wanted, section, name)
    wanted[section] = (
        [other for other in wanted[section] if other is not gone]
        if section in LISTS
        else {other: value for other, value in wanted[section].items() if other != name}
    )
    now = load(edited)
    assert {key: value for key, value in now.items() if value} == {key: value for key, value in wanted.items() if value}
    if "[" not in edited and "{" not in edited:
        assert not Counter(edited.splitlines()) - Counter(text.splitlines())


@settings(max_examples=examples(100), deadline=None)
@given(entries_of_cards(), st.data())
def test_moved(entry: tuple[str, str, str], data: st.DataObject) -> None:
    """A moved entry stands behind the other, and the lines of the card are the same in another order."""
    text, section, name = entry
    names = list(list_names(text, section))
    after = data.draw(st.sampled_from(["", *names]))
    assume(after != name and not name.startswith("case "))
    edited = apply_edit(text, MoveEntry(section, name, after))
    names.remove(name)
    names.insert(names.index(after) + 1 if after else 0, name)
    assert list(list_names(edited, section)) == names
    old, new = load(text), load(edited)
    if section in LISTS:
        old[section] = sorted(old[section], key=lambda item: names.index(item["name"]))
    assert new == old
    assert Counter(filter(str.strip, edited.splitlines())) == Counter(filter(str.strip, text.splitlines())) or (
        "brackets" in str([name for name, card in AWKWARD.items() if card == text])
    )


@pytest.mark.parametrize("text", CARDS.values(), ids=CARDS)
def test_cards_stay_cards(text: str) -> None:
    """Points that change in the text change in the card that is read from it, and nothing else does."""
    card = parse_card(text)
    for rule in random.Random(7).sample(card.rules, min(3, len(card.rules))):
        keys = {**read_entry(text, "rules", rule.name), "points": 7.5}
        edited = parse_card(apply_edit(text, PutEntry("rules", rule.name, keys)))
        others = tuple(replace(other, points=75) if other is rule else other for other in card.rules)
        assert edited.rules == others
        assert edited.fields == card.fields
        assert edited.stages == card.stages
