"""Spellings: how a text is written where the card, or a learned table, has a word for it.

The typed value of a text field is the spelling of its key (`text_forms`). So conditions, bins and printers compare
texts sign by sign, and `NORWAY` in a list is the `Norway` of the card all the same. The card comes before the tables:
its `values`, then the constants of its conditions in the order of the card, then the names of its stages; of two levels
with one key the one counts that more leads had.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from leadledger.scoring import tree
from leadledger.scoring.bins import Bins, TextBins
from leadledger.scoring.field import Field
from leadledger.scoring.lookup import Combination, Pair, Table, Term, list_bins
from leadledger.scoring.text_forms import key_of, strip

Spellings: TypeAlias = Mapping[str, Mapping[str, str]]  # by field, by key


def find_spellings(
    fields: Mapping[str, Field], conditions: Sequence[tree.Part], stages: Sequence[str], terms: Sequence[Term]
) -> Spellings:
    """The spelling of each key that a text field has a word for."""
    found: dict[str, dict[str, str]] = {
        field.name: {key_of(value): value for value in reversed(field.values)}
        for field in fields.values()
        if field.kind == "text" and not field.exact
    }
    for name, text in [*_list_constants(conditions), *(("stage", stage) for stage in stages), *_list_levels(terms)]:
        if name in found and (key := key_of(text)):
            found[name].setdefault(key, strip(text))
    return found


def find_words(conditions: Sequence[tree.Part]) -> Mapping[str, frozenset[str]]:
    """The keys of the texts that conditions compare each field with, or search it for."""
    words: dict[str, set[str]] = {}
    for name, text in [*_list_constants(conditions), *_list_searched(conditions)]:
        words.setdefault(name, set()).add(key_of(text))
    return {name: frozenset(keys) for name, keys in words.items()}


def _list_searched(conditions: Iterable[tree.Part]) -> Iterator[tuple[str, str]]:
    """The texts and choices that fields are searched for, each with its field."""
    for condition in conditions:
        for node in tree.walk_tree(condition):
            match node:
                case tree.Search(of=of, text=text) | tree.Has(of=of, choice=text):
                    yield of.name, text


def _list_constants(conditions: Iterable[tree.Part]) -> Iterator[tuple[str, str]]:
    """The texts that fields are compared with, each with its field."""
    for condition in conditions:
        for node in tree.walk_tree(condition):
            match node:
                case tree.Compare(left=tree.FieldRef(name=name), right=tree.Constant(value=str() as text)):
                    yield name, text
                case tree.In(of=tree.FieldRef(name=name), values=values):
                    yield from ((name, constant.value) for constant in values if isinstance(constant.value, str))


def _list_levels(terms: Sequence[Term]) -> Iterator[tuple[str, str]]:
    """The levels of learned terms, each with its field: those of tables first, that of most leads first."""
    for term in terms:
        if isinstance(term, Table) and isinstance(term.bins, TextBins):
            counted = sorted(zip(term.bins.levels, term.counts[1:-1], strict=True), key=lambda one: (-one[1], one[0]))
            yield from ((term.field, level) for level, _ in counted)
    for term in terms:
        for name, bins in zip(term.fields, list_bins(term), strict=True):
            if isinstance(bins, TextBins):
                yield from ((name, level) for level in bins.levels)


def respell_node(node: tree.Node, spellings: Spellings) -> tree.Node:
    """A condition whose constants have the spellings of their fields."""

    def respelled(of: tree.Operand, constant: tree.Constant) -> tree.Constant:
        text = constant.value
        if not isinstance(text, str) or not isinstance(of, tree.FieldRef) or of.name not in spellings:
            return constant
        return tree.Constant(spellings[of.name].get(key_of(text), text))

    match node:
        case tree.Compare(left=left, right=tree.Constant() as constant):
            return replace(node, right=respelled(left, constant))
        case tree.In(of=of, values=values):
            return replace(node, values=tuple(dict.fromkeys(respelled(of, constant) for constant in values)))
        case tree.Not(of=of):
            return tree.Not(respell_node(of, spellings))
        case tree.And(of=parts):
            return tree.And(tuple(respell_node(part, spellings) for part in parts))
        case tree.Or(of=parts):
            return tree.Or(tuple(respell_node(part, spellings) for part in parts))
    return node


def respell_condition(condition: tree.Condition, spellings: Spellings) -> tree.Condition:
    """A condition whose constants have the spellings of their fields; its text stays as it was written."""
    return tree.Condition(condition.text, respell_node(condition.tree, spellings))


def respell_term(term: Term, spellings: Spellings) -> Term:
    """A learned term whose levels have the spellings of their fields."""
    match term:
        case Table(field=name, bins=bins):
            return replace(term, bins=_respell_bins(bins, spellings.get(name, {})))
        case Pair(fields=(first, second), bins=(rows, columns)):
            both = (_respell_bins(rows, spellings.get(first, {})), _respell_bins(columns, spellings.get(second, {})))
            return replace(term, bins=both)
        case Combination(fields=names, bins=axes):
            respelled = (_respell_bins(axis, spellings.get(name, {})) for name, axis in zip(names, axes, strict=True))
            return replace(term, bins=tuple(respelled))


def _respell_bins(bins: Bins, spellings: Mapping[str, str]) -> Bins:
    """Bins whose levels are spelt so; of levels with one key, the one that is spelt so already, else the first."""
    if not isinstance(bins, TextBins) or not spellings:
        return bins
    levels = list(bins.levels)
    for i, level in enumerate(levels):
        spelling = spellings.get(key_of(level), level)
        if spelling not in levels:
            levels[i] = spelling
    return bins if tuple(levels) == bins.levels else TextBins(tuple(levels))
