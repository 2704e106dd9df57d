"""Texts whose values lie within those of another field, such as cities within countries, as a history has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from leadledger.scoring.errors import quote
from leadledger.scoring.scorecard import Card

MOST_SHOWN = 3  # values, of those with several parents


def find_learned_parents(card: Card, frame: pd.DataFrame) -> dict[str | int, str | int]:
    """The parent of each field that has one, where both are learned from."""
    return {
        name: field.parent
        for name, field in card.fields.items()
        if field.parent and name in frame and field.parent in frame
    }


def describe_nesting(card: Card, frame: pd.DataFrame, left_out: Mapping[str, str]) -> Iterator[str]:
    """Sentences on parents that say nothing, and on values that stand with several values of the parent.

    `left_out` has the reason why a field is not learned from. A table has one row for a value, so such a value has one
    effect, beside the values of all its parents.
    """
    parents = find_learned_parents(card, frame)
    for name, field in card.fields.items():
        if field.parent and name in frame and name not in parents:
            why = left_out.get(field.parent, "is not learned from")
            yield f"Field '{name}' is learned from by itself, since its parent '{field.parent}' {why}."
    for child, parent in parents.items():
        both = frame[[child, parent]].dropna().astype(str).drop_duplicates()
        of_value = both.groupby(child)[parent].agg(sorted)
        several = of_value[of_value.map(len) > 1]
        if len(several):
            counts = frame[child].astype(str).value_counts()
            frequent = sorted(several.index, key=lambda value: (-counts[value], value))[:MOST_SHOWN]
            examples = "; ".join(f"{quote(value)} with {_name(several[value])}" for value in frequent)
            yield (
                f"{len(several):,} of {len(of_value):,} values of '{child}' stand with several values of its parent"
                f" '{parent}' ({examples}). Each counts as one value, with one effect beside that of whichever parent"
                " it stands with. If they are different ones, write both into one field."
            )


def _name(values: list[str]) -> str:
    """Some values, two of them by name."""
    more = f" and {len(values) - 2:,} more" if len(values) > 2 else ""
    return (" and " if len(values) == 2 else ", ").join(map(quote, values[:2])) + more
