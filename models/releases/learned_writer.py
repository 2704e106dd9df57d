"""What was learned, written as a text that people can read and compare; `learned_reader` reads it without loss.

The text is JSON with one bin a line. A bin is named by what falls in it, so that people and the reader use the same
words:

    {"points":    -3.4, "leads":     210, "is": "missing"}
    {"points":     1.5, "leads":    3020, "from": 10, "below": 50}
    {"points":    12.0, "leads":      95, "level": "trade fair"}
    {"points":     0.0, "leads":       8, "is": "other"}

Points have one decimal; inside they are whole tenths. The first two columns have a fixed width: where the points of one
bin change, one line changes. Where standard errors are known, a third column holds them (`"error":  1.2`), for all bins
of a term or for none. A combination is written as nested choices; its `in` names bins in the words of a table:

    {
      "if": "pages",
      "in": [{"is": "missing"}, {"below": 10}],
      "then": {"points":    -3.4, "leads":     210},
      "else": {"points":     1.5, "leads":    3020}
    }
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from leadledger.models.releases.learned_checks import BIN_KINDS, check_combination
from leadledger.scoring.bins import MISSING, OTHER, Bins, FlagBins, NumberBins, TextBins, format_number, merge_ranges
from leadledger.scoring.errors import ReleaseError
from leadledger.scoring.gate import Threshold
from leadledger.scoring.lookup import Branch, Combination, Leaf, Pair, Table, Term
from leadledger.scoring.scorecard import Learned

LEARNED_FORMAT = 1
ANY_NUMBER = "any"  # the name of the one bin of a number that has no edges
EDGE_KEYS = ("from", "below")

_COLUMN_WIDTHS = {"points": 7, "leads": 7, "error": 5}


def learned_to_dict(learned: Learned) -> dict[str, Any]:
    """What was learned, as JSON: points with one decimal, a record for each bin.

    Raises ReleaseError where a term has more or fewer points, counts or errors than bins, and where a combination is
    not as its docstring says.
    """
    choices = {name: {"field": choice.field, "choice": choice.choice} for name, choice in learned.choices.items()}
    return {
        "format": LEARNED_FORMAT,
        **_price_to_dict(learned),
        "lines": {stage: _threshold_to_dict(threshold) for stage, threshold in learned.thresholds.items()},
        **({"percentiles": [int(step) / 10 for step in learned.percentiles]} if learned.percentiles else {}),
        **({"choices": choices} if choices else {}),
        **({"levels": {name: list(levels) for name, levels in learned.levels.items()}} if learned.levels else {}),
        "terms": [_term_to_dict(term) for term in learned.terms],
        **({"steps": {stage: _step_to_dict(step) for stage, step in learned.steps.items()}} if learned.steps else {}),
    }


def _price_to_dict(learned: Learned) -> dict[str, Any]:
    """What stands before the terms, of the whole and of a step."""
    return {
        "base_rate": None if learned.base_rate is None else float(learned.base_rate),
        "start": int(learned.start) / 10,
        "trust": float(learned.trust),
    }


def _step_to_dict(step: Learned) -> dict[str, Any]:
    return {**_price_to_dict(step), "terms": [_term_to_dict(term) for term in step.terms]}


def learned_to_text(learned: Learned) -> str:
    """What was learned, as the text of a JSON file with one bin a line. Raises ReleaseError as `learned_to_dict`."""
    return text_of(learned_to_dict(learned)) + "\n"


def _threshold_to_dict(threshold: Threshold) -> dict[str, Any]:
    points = None if threshold.points is None else int(threshold.points) / 10
    texts = {"closed": threshold.closed, "promise": threshold.promise}
    return {"points": points} | {key: text for key, text in texts.items() if text}


def _term_to_dict(term: Term) -> dict[str, Any]:
    match term:
        case Table():
            cells = _cells_to_dicts(term.name, term.bins, term.points, term.counts, term.errors)
            return {"field": term.field, "kind": BIN_KINDS[type(term.bins)], "bins": cells}
        case Pair(bins=(rows, columns)):
            _check_lengths(term.name, rows, term.points, term.counts, term.errors)
            errors = term.errors or ((),) * len(rows)
            return {
                "fields": list(term.fields),
                "kinds": [BIN_KINDS[type(rows)], BIN_KINDS[type(columns)]],
                "rows": [
                    {"row": row, "cells": _cells_to_dicts(term.name, columns, *line)}
                    for row, *line in zip(bin_names(rows), term.points, term.counts, errors, strict=True)
                ],
            }
        case Combination():
            check_combination(term, f"the term '{term.name}'")
            bins = dict(zip(term.fields, term.bins, strict=True))
            return {
                "fields": list(term.fields),
                "kinds": [BIN_KINDS[type(field_bins)] for field_bins in term.bins],
                "bins": [bin_names(field_bins) for field_bins in term.bins],
                "error": int(term.error) / 10,
                "trees": [_tree_to_dict(tree, bins) for tree in term.trees],
            }


def _tree_to_dict(node: Branch | Leaf, bins: Mapping[str, Bins]) -> dict[str, Any]:
    if isinstance(node, Leaf):
        return {"points": int(node.points) / 10, "leads": int(node.count)}
    return {
        "if": node.field,
        "in": chosen_names(bins[node.field], node.bins),
        "then": _tree_to_dict(node.then, bins),
        "else": _tree_to_dict(node.otherwise, bins),
    }


def chosen_names(bins: Bins, chosen: Sequence[int]) -> list[dict[str, Any]]:
    """The names of some bins, ascending; neighbouring bins of a number are named as one."""
    if not isinstance(bins, NumberBins):
        names = bin_names(bins)
        return [names[at] for at in chosen]
    number_names: list[dict[str, Any]] = [{"is": MISSING}] if chosen[0] == 0 else []
    for low, high in merge_ranges(bins, chosen):
        ends = {key: float(edge) for key, edge in zip(EDGE_KEYS, (low, high), strict=True) if edge is not None}
        number_names.append(ends or {"is": ANY_NUMBER})
    return number_names


def _cells_to_dicts(
    name: str, bins: Bins, points: Sequence[int], counts: Sequence[int], errors: Sequence[int]
) -> list[dict[str, Any]]:
    _check_lengths(name, bins, points, counts, errors)
    error_columns = [{"error": int(error) / 10} for error in errors] or [{}] * len(bins)
    return [
        {"points": int(tenths) / 10, "leads": int(count), **error, **bin_name}
        for bin_name, tenths, count, error in zip(bin_names(bins), points, counts, error_columns, strict=True)
    ]


def _check_lengths(
    name: str, bins: Bins, points: Sequence[object], counts: Sequence[object], errors: Sequence[object]
) -> None:
    for what, values in (("points", points), ("counts", counts), ("errors", errors)):
        if len(values) != len(bins) and not (what == "errors" and not values):
            raise ReleaseError(f"the term '{name}' has {len(values)} {what} for {len(bins)} bins")


def bin_names(bins: Bins) -> list[dict[str, Any]]:
    """What falls in each bin, in words that both people and the loader read."""
    match bins:
        case NumberBins(edges=()):
            return [{"is": MISSING}, {"is": ANY_NUMBER}]
        case NumberBins():
            edges = [float(edge) for edge in bins.edges]
            between = [{"from": low, "below": high} for low, high in pairwise(edges)]
            return [{"is": MISSING}, {"below": edges[0]}, *between, {"from": edges[-1]}]
        case TextBins(levels=levels):
            return [{"is": MISSING}, *({"level": level} for level in levels), {"is": OTHER}]
        case FlagBins(labels=labels):
            return [{"is": label} for label in labels]


def text_of(value: Any, indent: str = "") -> str:
    """The JSON of a value: on one line where no list or record is nested in it, else one item a line."""
    inner = indent + "  "
    if isinstance(value, dict):
        if not _is_nested(value.values()):
            padded = "leads" in value
            members = (f"{_quoted(key)}: {_scalar_text(member, key, padded)}" for key, member in value.items())
            return "{" + ", ".join(members) + "}"
        lines = [
            # The bins of a choice stay on its line, so that the whole reads as nested choices.
            f"{inner}{_quoted(key)}: {texts_on_one_line(member) if key == 'in' else text_of(member, inner)}"
            for key, member in value.items()
        ]
        return _lines_in_brackets("{}", lines, indent)
    if isinstance(value, list):
        if not _is_nested(value):
            return "[" + ", ".join(_scalar_text(item) for item in value) + "]"
        return _lines_in_brackets("[]", [f"{inner}{text_of(item, inner)}" for item in value], indent)
    return _scalar_text(value)


def texts_on_one_line(values: list[Any]) -> str:
    """The JSON of a list on one line, whatever is nested in it."""
    return "[" + ", ".join(text_of(value) for value in values) + "]"


def _is_nested(values: Iterable[Any]) -> bool:
    return any(isinstance(value, dict | list) for value in values)


def _lines_in_brackets(brackets: str, lines: list[str], indent: str) -> str:
    return "\n".join([brackets[0], ",\n".join(lines), indent + brackets[1]])


def _scalar_text(value: Any, key: str = "", padded: bool = False) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if key in EDGE_KEYS:
        # Minus zero keeps its point: the whole number -0 would come back as 0.
        return format_number(value) if value or math.copysign(1, value) > 0 else repr(value)
    text = json.dumps(value)
    return text.rjust(_COLUMN_WIDTHS.get(key, 0)) if padded else text


def _quoted(text: str) -> str:
    """A JSON string in which invisible characters are escaped: controls, odd spaces, changes of direction."""
    return '"' + "".join(json.dumps(char, ensure_ascii=not char.isprintable())[1:-1] for char in text) + '"'
