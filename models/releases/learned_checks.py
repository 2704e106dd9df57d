"""What must hold of everything that is learned: limits of points and trees, sound combinations, and fields of the card.

The writer and the reader of learned.json share these checks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from leadledger.scoring.axis_parts import is_of_one_axis
from leadledger.scoring.bins import Bins, FlagBins, NumberBins, TextBins
from leadledger.scoring.errors import ReleaseError, did_you_mean, quote
from leadledger.scoring.lookup import Branch, Combination, Leaf, find_branch_fields, list_bins, list_leaves
from leadledger.scoring.scorecard import Card, Learned

LARGEST_TENTHS = 1_000_000  # a thousand terms of this many tenths still fit the 32-bit integers of every SQL engine
DEEPEST_TREE = 8  # splits in a row: deeper trees are unreadable, and some SQL engines fail on them
BIN_KINDS = {NumberBins: "number", TextBins: "text", FlagBins: "flag"}


def check_learned(card: Card, learned: Learned) -> None:
    """Check that a card has the fields and stages that what was learned needs.

    Every field of a term must be in the card, with the kind of the term's bins; every threshold must belong to a stage
    of the card. Raises ReleaseError with every mistake, a line each.
    """
    problems = []
    for name, choice in learned.choices.items():
        if choice.field not in card.fields or card.fields[choice.field].kind != "choices":
            problems.append(f"'{name}' asks for a choice of the field '{choice.field}', which has none in the card")
    for name in learned.levels:
        if name not in card.fields or card.fields[name].kind != "text":
            problems.append(f"the levels of '{name}' belong to no text field of the card")
    steps = [transition.stage for transition in card.steps]
    for stage in learned.steps:
        if stage not in steps:
            hint = did_you_mean(stage, steps) or " The card has no `steps:`."
            problems.append(f"a step leads to {quote(stage)}, and none of the card does.{hint}")
    if learned.steps:
        problems += [
            f"the card has the step to '{stage}', of which the release has learned nothing; train again"
            for stage in steps
            if stage not in learned.steps
        ]
    for term in learned.all_terms:
        for name, bins in zip(term.fields, list_bins(term), strict=True):
            kind = BIN_KINDS[type(bins)]
            if name not in card.fields:
                hint = did_you_mean(name, card.fields)
                problems.append(f"the term '{term.name}' asks the field '{name}', which the card doesn't have.{hint}")
            elif card.fields[name].kind != kind:
                in_card = f"its kind in the card is {card.fields[name].kind}"
                problems.append(f"the term '{term.name}' has {kind} bins for the field '{name}'; {in_card}")
    if card.axes and not problems:
        problems += [
            f"the term '{term.name}' spans both axes of the card, and no entry of a ledger may; train again"
            for term in learned.all_terms
            if not is_of_one_axis(card, term)
        ]
    stages = [stage.name for stage in card.stages]
    for stage in learned.thresholds:
        if stage not in stages:
            hint = did_you_mean(stage, stages) or " The card has no stages."
            problems.append(f"a threshold is for the stage {quote(stage)}, which the card doesn't have.{hint}")
    if problems:
        raise ReleaseError("\n".join(problems))


def check_combination(term: Combination, path: str) -> None:
    """Raise ReleaseError, beginning with `path`, unless a combination is as its docstring says."""
    if len(set(term.fields)) != len(term.fields) or len(term.fields) < 3:
        refuse(path, "must have three different fields or more; what one or two do belongs to a table or a pair")
    if len(term.bins) != len(term.fields):
        refuse(path, f"has {len(term.bins)} bins for {len(term.fields)} fields")
    if not 0 <= term.error <= LARGEST_TENTHS:
        refuse(f"{path}.error", f"is {term.error / 10}; an error lies between 0 and {LARGEST_TENTHS // 10}")
    bins = dict(zip(term.fields, term.bins, strict=True))
    for i, tree in enumerate(term.trees):
        if not isinstance(tree, Branch):
            refuse(f"{path}.trees[{i}]", "asks no field; a tree has an 'if'")
        _check_tree(tree, f"{path}.trees[{i}]", bins)
    unused = set(term.fields).difference(*map(find_branch_fields, term.trees))
    if unused:
        refuse(path, f"has the field {quote(next(name for name in term.fields if name in unused))}, which no tree asks")
    largest = sum(max(abs(leaf.points) for leaf in list_leaves(tree)) for tree in term.trees)
    if largest > LARGEST_TENTHS:
        limits = f"between {-LARGEST_TENTHS // 10} and {LARGEST_TENTHS // 10}"
        refuse(path, f"could add up to {largest / 10}; the points of a term lie {limits}")


def _check_tree(node: Branch | Leaf, path: str, bins: Mapping[str, Bins], depth: int = 0) -> None:
    if isinstance(node, Leaf):
        return
    if depth == DEEPEST_TREE:
        refuse(path, f"is the {DEEPEST_TREE + 1}th split in a row; a tree has at most {DEEPEST_TREE}")
    if node.field not in bins:
        refuse(f"{path}.if", f"asks {quote(node.field)}, which is not among the fields of its combination")
    size = len(bins[node.field])
    if not 0 < len(node.bins) < size:
        which = "none" if not node.bins else "all"
        refuse(f"{path}.in", f"names {which} of the {size} bins of '{node.field}'; a choice names some and leaves some")
    if list(node.bins) != sorted(set(node.bins)) or not 0 <= node.bins[0] <= node.bins[-1] < size:
        refuse(f"{path}.in", f"must name positions of '{node.field}' from 0 to {size - 1}, each once, ascending")
    _check_tree(node.then, f"{path}.then", bins, depth + 1)
    _check_tree(node.otherwise, f"{path}.else", bins, depth + 1)


def refuse(path: str, reason: str) -> NoReturn:
    """Raise the ReleaseError about one place, given by its path."""
    raise ReleaseError(f"{path} {reason}")
