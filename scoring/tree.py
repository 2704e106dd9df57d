"""The tree of a condition: about a dozen frozen nodes, the only thing that printers know of a rule.

A condition is three-valued, as in SQL: true, false or unknown. It is unknown where it asks a missing value. The nodes
know no text: `card/condition.py` reads them, the printers write them, `meaning/logic.py` is their meaning.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["number", "text", "flag", "date", "id", "choices"]
Typed: TypeAlias = float | str | bool | date | None
Comparison: TypeAlias = Literal["=", "<>", "<", "<=", ">", ">="]


@dataclass(frozen=True)
class FieldRef:
    """The value of a field; None where it is missing. `exact`: a text that is compared sign by sign."""

    name: str
    kind: Kind
    exact: bool = False


@dataclass(frozen=True)
class Days:
    """Whole days between a date field and the day of scoring: `since` counts back from it, `until` forward."""

    way: Literal["since", "until"]
    of: FieldRef


@dataclass(frozen=True)
class Constant:
    """A literal: a float, a text, a flag or a date. Never None."""

    value: float | str | bool | date


Operand: TypeAlias = FieldRef | Days


@dataclass(frozen=True)
class Compare:
    """An operand against a literal or another operand of the same kind; unknown where either is missing."""

    op: Comparison
    left: Operand
    right: Operand | Constant


@dataclass(frozen=True)
class In:
    """An operand is one of some literals; unknown where it is missing.

    `or_null`: NULL is in the list too, so that it is unknown, never false, where the operand is none of the others.
    """

    of: Operand
    values: tuple[Constant, ...]
    or_null: bool = False


@dataclass(frozen=True)
class Search:
    """A text contains, starts with or ends with another, or has it as a whole word; by the keys of both."""

    way: Literal["contains", "contains_word", "starts_with", "ends_with"]
    of: FieldRef
    text: str


@dataclass(frozen=True)
class Has:
    """One of several choices is chosen; unknown where none is known. `mark` is the choice as a kept value holds it."""

    of: FieldRef
    choice: str
    mark: str


@dataclass(frozen=True)
class Truth:
    """A flag is set; unknown where it is missing."""

    of: FieldRef


@dataclass(frozen=True)
class IsNull:
    """An operand is missing. Never unknown."""

    of: Operand


@dataclass(frozen=True)
class Not:
    """False turns true, true turns false, unknown stays unknown."""

    of: Node


@dataclass(frozen=True)
class And:
    """False if any is false, else unknown if any is unknown, else true."""

    of: tuple[Node, ...]


@dataclass(frozen=True)
class Or:
    """True if any is true, else unknown if any is unknown, else false."""

    of: tuple[Node, ...]


Node: TypeAlias = Compare | In | Search | Has | Truth | IsNull | Not | And | Or


Part: TypeAlias = Node | Operand | Constant


def walk_tree(node: Part) -> Iterator[Part]:
    """A node and everything below it, from left to right."""
    yield node
    match node:
        case Days(of=of) | Search(of=of) | Has(of=of) | Truth(of=of) | IsNull(of=of) | Not(of=of):
            yield from walk_tree(of)
        case In(of=of, values=values):
            yield from walk_tree(of)
            yield from values
        case Compare(left=left, right=right):
            yield from walk_tree(left)
            yield from walk_tree(right)
        case And(of=items) | Or(of=items):
            for item in items:
                yield from walk_tree(item)


def compares_keys(node: Compare) -> bool:
    """Whether two fields are compared by the keys of their texts; texts of any other comparison have one spelling."""
    left, right = node.left, node.right
    both = isinstance(left, FieldRef) and isinstance(right, FieldRef) and left.kind == right.kind == "text"
    return both and not left.exact and not right.exact  # type: ignore[union-attr]  # both are fields


def list_folded(node: Part) -> Iterator[str]:
    """The text fields that a node searches, or compares with each other, by their folded texts; with repeats."""
    for part in walk_tree(node):
        match part:
            case Search(of=of) if not of.exact:
                yield of.name
            case Compare(left=FieldRef(name=left), right=FieldRef(name=right)) if compares_keys(part):
                yield from (left, right)


def find_fields(node: Part) -> Iterator[str]:
    """The names of the fields that a node asks, in order, with repeats."""
    return (part.name for part in walk_tree(node) if isinstance(part, FieldRef))


@dataclass(frozen=True)
class Condition:
    """A condition as it was written, and its tree."""

    text: str
    tree: Node

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields it asks, each once, in the order of the text."""
        return tuple(dict.fromkeys(find_fields(self.tree)))
