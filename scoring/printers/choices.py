"""Choices in the shortest words: how a small tree is written, and how long a CASE may get."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from leadledger.scoring.lookup import Combination, find_branch_fields

LONGEST_CASE = (
    12  # branches in a row; above that a CASE halves its range, so that a row compares only the logarithm of them
)


def write_membership(
    of: str, chosen: Sequence[int], size: int, signs: tuple[str, str], between: str, listed: Callable[[str], str]
) -> str:
    """Whether `of`, the bin of a field with `size` bins, is one of `chosen` (ascending, neither none nor all).

    `signs` are "equal" and "not equal" as the language spells them, `between` a format of `of`, `low` and `high`, and
    `listed` writes the membership of several.
    """
    equal, unequal = signs
    first, last = chosen[0], chosen[-1]
    if len(chosen) == 1:
        return f"{of} {equal} {first}"
    if len(chosen) == size - 1:
        return f"{of} {unequal} {(set(range(size)) - set(chosen)).pop()}"
    if last - first + 1 == len(chosen):
        if first == 0:
            return f"{of} < {last + 1}"
        return f"{of} >= {first}" if last == size - 1 else between.format(of=of, low=first, high=last)
    return listed(", ".join(map(str, chosen)))


def group_trees(term: Combination, askable: frozenset[str]) -> list[tuple[tuple[str, ...], list[int]]]:
    """The trees of a combination by the askable fields that they look at, each with the positions of its trees.

    What a missing answer leaves open is the same for all trees of a group, so that one condition holds for them.
    """
    groups: dict[tuple[str, ...], list[int]] = {}
    for i, tree in enumerate(term.trees):
        names = find_branch_fields(tree) & askable
        groups.setdefault(tuple(name for name in term.fields if name in names), []).append(i)
    return list(groups.items())
