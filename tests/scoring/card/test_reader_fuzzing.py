"""Any text at all: the reader returns a card, or a list of problems with a place each."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.errors import Problem, ScorecardError
from leadledger.scoring.printers.python.module import print_module
from leadledger.scoring.scorecard import Card, build_untrained
from tests.effort import examples
from tests.scoring.card.card_examples import GOOD

PIECES = [
    "'",
    '"',
    ":",
    ": ",
    "- ",
    "{",
    "}",
    "[",
    "]",
    ",",
    "&a ",
    "*a",
    "!",
    "|\n",
    ">\n",
    "\t",
    "\n",
    "#",
    "?",
    "%",
    "@",
]
PIECES += [
    "---\n",
    "...",
    "\\",
    "\0",
    "\x1b",
    "\u2028",
    "\x85",
    "\ufeff",
    "\ud800",
    "𝄞",
    "null",
    "~",
    "yes",
    "0x10",
    "1e99",
]
PIECES += [
    "kind: ",
    "name: ",
    "is: ",
    "when: ",
    "<<: ",
    "__import__('os')",
    "'; DROP TABLE leads; --",
    "9" * 400,
    "and",
    "(",
]


def read(text: str) -> Card | tuple[Problem, ...]:
    """A card, or its problems; anything else that is raised is a bug."""
    try:
        return parse_card(text)
    except ScorecardError as error:
        return error.problems


def check(text: str) -> None:
    """A text is read into a card that prints to Python, or its problems have a place each."""
    result = read(text)
    if isinstance(result, Card):
        compile(print_module(build_untrained(result)), "<card>", "exec")
        return
    assert result
    for problem in result:
        assert problem.line >= 1
        assert problem.column >= 1
        assert "\n" not in problem.text


@given(st.one_of(st.text(max_size=80), st.lists(st.sampled_from(PIECES), max_size=12).map("".join)))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Any text is a card or a list of problems; nothing else is ever raised."""
    check(text)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """The card that uses every key, with one to three pieces put in, taken out, doubled or moved."""
    text = GOOD
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 12)))
        match draw(st.sampled_from(["put", "take", "double", "line", "move"])):
            case "put":
                text = text[:start] + draw(st.one_of(st.sampled_from(PIECES), st.text(max_size=3))) + text[end:]
            case "take":
                text = text[:start] + text[end:]
            case "double":
                text = text[:end] + text[start:end] + text[end:]
            case "line":
                lines = text.split("\n")
                at = text[:start].count("\n")
                text = "\n".join(lines[:at] + lines[at + 1 :])
            case "move":
                to = draw(st.integers(0, len(text)))
                text = text[:to] + text[start:end] + text[to:]
    return text


@settings(max_examples=examples(60))
@given(mutated())
def test_any_mutation_is_read_or_refused(text: str) -> None:
    """A card with random damage is read, or refused with problems; nothing else is ever raised."""
    check(text)


@pytest.mark.slow
def test_scalars_of_any_shape_everywhere() -> None:
    """Whatever stands at a key where something else belongs, the reader says so and goes on."""
    whole = yaml.safe_load(GOOD)
    odd: list[Any] = [
        None,
        "",
        "x",
        "x y",
        5,
        -1e9,
        True,
        [],
        [None],
        [[]],
        {},
        {"x": {}},
        [{"name": "a"}],
        "[",
        "\u2028",
    ]
    for i, path in enumerate(paths(whole)):
        for value in odd[i % 3 :: 3]:  # each at many places, and a third of them at each
            check(json.dumps(replaced(whole, path, value), default=str))


def paths(node: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value of a tree."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [above, *(path for key, value in items for path in paths(value, (*above, key)))]


def replaced(node: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy of a tree with another value at one place."""
    if not path:
        return value
    if isinstance(node, dict):
        return {key: replaced(child, path[1:], value) if key == path[0] else child for key, child in node.items()}
    return [replaced(child, path[1:], value) if i == path[0] else child for i, child in enumerate(node)]
