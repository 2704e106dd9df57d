"""Blocks of a card are its text; two edits are put together block by block, and nothing of either is lost."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadledger.api.studio.card_blocks import BlockKey, list_block_changes, merge_cards, split_card
from leadledger.scoring.card.reader import parse_card

ROOT = Path(__file__).parents[3]
CARDS = [*sorted(ROOT.glob("examples/*/card.yaml")), ROOT / "tests" / "cases" / "every_key.yaml"]
CARD = """\
# About the card
name: small

fields:
  a: {kind: flag}
  # How many people
  b:
    kind: number
rules:
  # The first one
  - name: one
    when: a
    points: 8
    reason: |
      Is so

      # and no comment
  - {name: two, when: b > 5, points: 4, reason: Many}

  # Of little use
  -
    name: three
    when: b > 50
    points: 2
    reason: Very many
base_rate: 0.1"""


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.parent.name)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_blocks_are_the_text(path: Path, end: str) -> None:
    """The blocks of a text are the text, sign for sign, whatever its line ends; each rule and field has its own."""
    text = path.read_text("utf-8").replace("\n", end)
    blocks = split_card(text)
    assert blocks is not None
    assert "".join(block.text for block in blocks) == text
    card, keys = parse_card(text), {block.key for block in blocks}
    names = [*(rule.name for rule in card.rules), *(rule.name for rule in card.each_rules)]
    assert {BlockKey("rules", name) for name in names} <= keys
    assert {BlockKey("cases", case.name) for case in card.cases} <= keys
    assert len(keys) == len(blocks)


def test_comments_go_with_what_stands_below() -> None:
    """A comment belongs to the item below it, and a line of a text that looks like one doesn't."""
    blocks = {block.key.words: block for block in split_card(CARD) or ()}
    assert list(blocks) == [
        *("name", "fields", "field a", "field b", "rules", "rule one", "rule two", "rule three", "base_rate"),
    ]
    assert blocks["field b"].text == "  # How many people\n  b:\n    kind: number\n"
    assert blocks["rule one"].text.startswith("  # The first one\n")
    assert blocks["rule one"].text.endswith("      # and no comment\n")
    assert blocks["rule three"].text.startswith("\n  # Of little use\n  -\n")
    assert (blocks["field b"].line, blocks["rule three"].line) == (7, 21)


@pytest.mark.parametrize(
    "text", ["", "[", "a: [", "- a\n", "{a: b}", "a: b\n\ta: c", "a: " + "[" * 5000, "\0", "\ud800"]
)
def test_what_is_no_card_has_no_blocks(text: str) -> None:
    """A text that is no YAML mapping can't be split, and nothing is made of it."""
    assert split_card(text) is None
    assert list_block_changes(CARD, text) is None
    assert merge_cards(CARD, text, CARD) is None


MERGES = [
    # what I made of it, what they made of it, the parts that both touched
    ([("points: 8", "points: 9")], [("points: 4", "points: 5")], ()),
    ([("points: 8", "points: 9")], [("points: 8", "points: 9")], ()),
    ([("points: 8", "points: 9")], [("points: 8", "points: 7")], ("rule one",)),
    ([("base_rate: 0.1", "base_rate: 0.2")], [("# About", "# All about")], ()),
    ([("  - {name: two, when: b > 5, points: 4, reason: Many}\n", "")], [("points: 2", "points: 3")], ()),
    ([("  - {name: two, when: b > 5, points: 4, reason: Many}\n", "")], [("points: 4", "points: 3")], ("rule two",)),
    (
        [("rules:\n", "rules:\n  - {name: mine, when: a, points: 1, reason: M}\n")],
        [("base_rate", "  - {name: theirs, when: a, points: 1, reason: T}\nbase_rate")],
        (),
    ),
]


@pytest.mark.parametrize(("mine", "theirs", "both"), MERGES)
def test_two_edits_are_put_together(
    mine: list[tuple[str, str]], theirs: list[tuple[str, str]], both: tuple[str, ...]
) -> None:
    """Edits of different parts are both in the result; where both touched a part, it is named, and one side chosen."""
    my_text, their_text, whole = CARD, CARD, CARD
    for text in mine:
        my_text, whole = my_text.replace(*text), whole.replace(*text)
    for text in theirs:
        their_text, whole = their_text.replace(*text), whole.replace(*text)
    merged = merge_cards(CARD, my_text, their_text)
    assert merged is not None
    assert tuple(key.words for key in merged.both) == both
    if not both:
        assert merged.text == whole
        parse_card(merged.text)
        return
    assert merged.text == their_text
    chosen = [merge_cards(CARD, my_text, their_text, side) for side in ("mine", "theirs")]
    assert [choice and choice.text for choice in chosen] == [my_text, their_text]


BLOCKS = [f"  # of {name}\n  - name: {name}\n    when: a\n    points: 1\n    reason: {name}\n" for name in "abcdef"]
HEAD = "name: small\nfields:\n  a: {kind: flag}\nrules:\n"


@given(st.integers(0, 2**32), st.integers(0, 2**32))
def test_merging_is_fair(first: int, second: int) -> None:
    """Whoever is `mine`, the same blocks come out; an edit against none is itself; a merge with itself is itself."""

    def edit(seed: int) -> str:
        drawn, blocks = random.Random(seed), list(BLOCKS)
        for at in range(len(blocks)):
            if drawn.random() < 0.2:
                blocks[at] = blocks[at].replace("points: 1", f"points: {drawn.randint(2, 9)}")
            elif drawn.random() < 0.2:
                blocks[at] = ""
        if drawn.random() < 0.5:
            name = f"new{drawn.randint(0, 3)}"
            blocks.insert(drawn.randint(0, 6), f"  - {{name: {name}, when: a, points: 3, reason: {name}}}\n")
        return HEAD + "".join(blocks)

    base, mine, theirs = HEAD + "".join(BLOCKS), edit(first), edit(second)
    one, other = merge_cards(base, mine, theirs), merge_cards(base, theirs, mine)
    assert one is not None
    assert other is not None
    assert set(one.both) == set(other.both)
    if not one.both:
        assert sorted(one.text.splitlines()) == sorted(other.text.splitlines())
        before = set(base.splitlines())
        for text in (mine, theirs):
            assert set(text.splitlines()) - before <= set(one.text.splitlines())
    for text in (mine, theirs):
        alone = [merge_cards(base, text, base), merge_cards(base, base, text), merge_cards(base, text, text)]
        assert [merged and merged.text for merged in alone] == [text] * 3
