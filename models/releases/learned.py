"""What was learned, as a text that people can read and compare, and back again without loss.

The text is JSON with one bin a line. A bin is named by what falls in it, so that the same words tell the reader and the
loader:

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

Nothing is taken on trust when a text is read: shapes, kinds and the order of the bins are checked, and the first
mistake is named with its path.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any, NoReturn

from leadledger.scoring.errors import ReleaseError, did_you_mean, quote
from leadledger.scoring.gate import Threshold
from leadledger.scoring.lookup import (
    MISSING,
    OTHER,
    Bins,
    Branch,
    Combination,
    FlagBins,
    Leaf,
    NumberBins,
    Pair,
    Table,
    Term,
    TextBins,
    find_branch_fields,
    format_number,
    list_bins,
    list_leaves,
    merge_ranges,
)
from leadledger.scoring.scorecard import Card, Learned

FORMAT = 1
LARGEST = 1_000_000  # tenths: what a thousand terms add up to still fits the 32-bit integers of every SQL engine
DEEPEST = 8  # splits in a row in a tree of a combination: more than that nobody reads, and some SQL engine chokes on
ANY = "any"

_KINDS = {NumberBins: "number", TextBins: "text", FlagBins: "flag"}
_WIDTHS = {"points": 7, "leads": 7, "error": 5}
_EDGES = ("from", "below")


# -- to text ----------------------------------------------------------------------------------------------------------


def learned_to_dict(learned: Learned) -> dict[str, Any]:
    """What was learned, as JSON: points with one decimal, a record for each bin.

    Raises ReleaseError where a term has more or fewer points, counts or errors than bins, and where a combination is
    not as its docstring says.
    """
    return {
        "format": FORMAT,
        "base_rate": None if learned.base_rate is None else float(learned.base_rate),
        "start": int(learned.start) / 10,
        "trust": float(learned.trust),
        "lines": {stage: _line(line) for stage, line in learned.thresholds.items()},
        "terms": [_term(term) for term in learned.terms],
    }


def learned_to_text(learned: Learned) -> str:
    """What was learned, as the text of a JSON file with one bin a line. Raises ReleaseError as `learned_to_dict`."""
    return _text(learned_to_dict(learned)) + "\n"


def _line(line: Threshold) -> dict[str, Any]:
    found: dict[str, Any] = {"points": None if line.points is None else int(line.points) / 10}
    return found | {key: text for key, text in (("closed", line.closed), ("promise", line.promise)) if text}


def _term(term: Term) -> dict[str, Any]:
    match term:
        case Table():
            cells = _cells(term.name, term.bins, term.points, term.counts, term.errors)
            return {"field": term.field, "kind": _KINDS[type(term.bins)], "bins": cells}
        case Pair(bins=(rows, columns)):
            _same_length(term.name, rows, term.points, term.counts, term.errors)
            errors = term.errors or ((),) * len(rows)
            return {
                "fields": list(term.fields),
                "kinds": [_KINDS[type(rows)], _KINDS[type(columns)]],
                "rows": [
                    {"row": row, "cells": _cells(term.name, columns, *line)}
                    for row, *line in zip(_bin_names(rows), term.points, term.counts, errors, strict=True)
                ],
            }
        case Combination():
            _check_combination(term, f"the term '{term.name}'")
            bins = dict(zip(term.fields, term.bins, strict=True))
            return {
                "fields": list(term.fields),
                "kinds": [_KINDS[type(one)] for one in term.bins],
                "bins": [_bin_names(one) for one in term.bins],
                "error": int(term.error) / 10,
                "trees": [_tree(tree, bins) for tree in term.trees],
            }


def _tree(node: Branch | Leaf, bins: Mapping[str, Bins]) -> dict[str, Any]:
    if isinstance(node, Leaf):
        return {"points": int(node.points) / 10, "leads": int(node.count)}
    return {
        "if": node.field,
        "in": _chosen_names(bins[node.field], node.bins),
        "then": _tree(node.then, bins),
        "else": _tree(node.otherwise, bins),
    }


def _chosen_names(bins: Bins, chosen: Sequence[int]) -> list[dict[str, Any]]:
    """The names of some bins, ascending; neighbouring bins of a number are named as one."""
    if not isinstance(bins, NumberBins):
        names = _bin_names(bins)
        return [names[at] for at in chosen]
    found: list[dict[str, Any]] = [{"is": MISSING}] if chosen[0] == 0 else []
    for low, high in merge_ranges(bins, chosen):
        ends = {key: float(edge) for key, edge in zip(_EDGES, (low, high), strict=True) if edge is not None}
        found.append(ends or {"is": ANY})
    return found


def _cells(
    name: str, bins: Bins, points: Sequence[int], counts: Sequence[int], errors: Sequence[int]
) -> list[dict[str, Any]]:
    _same_length(name, bins, points, counts, errors)
    found = [
        {"points": int(point) / 10, "leads": int(count), **label}
        for label, point, count in zip(_bin_names(bins), points, counts, strict=True)
    ]
    if errors:
        found = [
            {"points": one.pop("points"), "leads": one.pop("leads"), "error": int(error) / 10, **one}
            for one, error in zip(found, errors, strict=True)
        ]
    return found


def _same_length(
    name: str, bins: Bins, points: Sequence[object], counts: Sequence[object], errors: Sequence[object]
) -> None:
    for what, found in (("points", points), ("counts", counts), ("errors", errors)):
        if len(found) != len(bins) and not (what == "errors" and not found):
            raise ReleaseError(f"the term '{name}' has {len(found)} {what} for {len(bins)} bins")


def _bin_names(bins: Bins) -> list[dict[str, Any]]:
    """What falls in each bin, in words that both people and the loader read."""
    match bins:
        case NumberBins(edges=()):
            return [{"is": MISSING}, {"is": ANY}]
        case NumberBins():
            edges = [float(edge) for edge in bins.edges]
            between = [{"from": low, "below": high} for low, high in pairwise(edges)]
            return [{"is": MISSING}, {"below": edges[0]}, *between, {"from": edges[-1]}]
        case TextBins(levels=levels):
            return [{"is": MISSING}, *({"level": level} for level in levels), {"is": OTHER}]
        case FlagBins(labels=labels):
            return [{"is": label} for label in labels]


def _text(value: Any, indent: str = "") -> str:
    """JSON on one line where nothing is nested in it, else an item a line."""
    inner = indent + "  "
    if isinstance(value, dict):
        if not _nested(value.values()):
            return (
                "{"
                + ", ".join(f"{_quoted(key)}: {_scalar(one, key, 'leads' in value)}" for key, one in value.items())
                + "}"
            )
        lines = [
            # The bins of a choice stay on its line, so that the whole reads as nested choices.
            f"{inner}{_quoted(key)}: {_on_one_line(one) if key == 'in' else _text(one, inner)}"
            for key, one in value.items()
        ]
        return _block("{}", lines, indent)
    if isinstance(value, list):
        if not _nested(value):
            return "[" + ", ".join(_scalar(one) for one in value) + "]"
        return _block("[]", [f"{inner}{_text(one, inner)}" for one in value], indent)
    return _scalar(value)


def _on_one_line(values: list[Any]) -> str:
    return "[" + ", ".join(_text(one) for one in values) + "]"


def _nested(values: Iterable[Any]) -> bool:
    return any(isinstance(one, dict | list) for one in values)


def _block(brackets: str, lines: list[str], indent: str) -> str:
    return "\n".join([brackets[0], ",\n".join(lines), indent + brackets[1]])


def _scalar(value: Any, key: str = "", padded: bool = False) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if key in _EDGES:
        # Minus zero keeps its point: the whole number -0 would come back as 0.
        return format_number(value) if value or math.copysign(1, value) > 0 else repr(value)
    text = json.dumps(value)
    return text.rjust(_WIDTHS.get(key, 0)) if padded else text


def _quoted(text: str) -> str:
    """A JSON text in which all that can't be seen is escaped: controls, odd spaces, changes of direction."""
    return '"' + "".join(json.dumps(sign, ensure_ascii=not sign.isprintable())[1:-1] for sign in text) + '"'


# -- from text --------------------------------------------------------------------------------------------------------


def learned_from_text(text: str) -> Learned:
    """What `learned_to_text` wrote. Raises ReleaseError that names the first mistake and its path."""
    try:
        data = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise ReleaseError(f"what was learned is not JSON: {error.msg}, line {error.lineno}") from None
    except (ValueError, RecursionError):  # a whole number of thousands of digits; brackets without end
        raise ReleaseError("what was learned is not JSON that can be read") from None
    return learned_from_dict(data)


def learned_from_dict(data: object) -> Learned:
    """What `learned_to_dict` gave. Raises ReleaseError that names the first mistake and its path."""
    if isinstance(data, dict) and data.get("format", FORMAT) != FORMAT:
        _refuse("$.format", f"is {quote(data['format'])}; this version of leadledger reads format {FORMAT}")
    found = _record(data, "$", ("format", "base_rate", "start", "trust", "lines", "terms"))
    base_rate = None if found["base_rate"] is None else _number(found["base_rate"], "$.base_rate")
    if base_rate is not None and not 0 < base_rate < 1:
        _refuse("$.base_rate", f"is {base_rate}; it must lie between 0 and 1, both left out")
    trust = _number(found["trust"], "$.trust")
    if not 0 <= trust <= 1:
        _refuse("$.trust", f"is {trust}; it must lie between 0 and 1")
    if not isinstance(found["lines"], dict):
        _refuse("$.lines", f"must be a record, not {_kind(found['lines'])}")
    lines = {stage: _read_line(line, f"$.lines[{quote(stage)}]") for stage, line in found["lines"].items()}
    terms: dict[frozenset[str], Term] = {}
    for i, one in enumerate(_list(found["terms"], "$.terms")):
        term = _read_term(one, f"$.terms[{i}]")
        if frozenset(term.fields) in terms:
            _refuse(f"$.terms[{i}]", f"is a second term '{term.name}'; a field, or a set of fields, has one")
        terms[frozenset(term.fields)] = term
    return Learned(base_rate, _tenths(found["start"], "$.start"), trust, tuple(terms.values()), lines)


def _read_line(data: object, path: str) -> Threshold:
    found = _record(data, path, ("points",), ("closed", "promise"))
    points = None if found["points"] is None else _tenths(found["points"], f"{path}.points")
    closed, promise = (_string(found.get(key, ""), f"{path}.{key}") for key in ("closed", "promise"))
    return Threshold(points, closed, promise)


def _read_term(data: object, path: str) -> Term:
    if isinstance(data, dict) and "trees" in data:
        return _read_combination(_record(data, path, ("fields", "kinds", "bins", "error", "trees")), path)
    if isinstance(data, dict) and "fields" in data:
        return _read_pair(_record(data, path, ("fields", "kinds", "rows")), path)
    found = _record(data, path, ("field", "kind", "bins"))
    names, points, counts, errors = _read_cells(found["bins"], f"{path}.bins")
    bins = _read_bins(found["kind"], f"{path}.kind", names, [f"{path}.bins[{i}]" for i in range(len(names))])
    return Table(_string(found["field"], f"{path}.field"), bins, points, counts, errors)


def _read_combination(found: dict[str, Any], path: str) -> Combination:
    fields, kinds, all_names = (_list(found[key], f"{path}.{key}") for key in ("fields", "kinds", "bins"))
    fields = [_string(one, f"{path}.fields[{i}]") for i, one in enumerate(fields)]
    if not len(fields) == len(kinds) == len(all_names):
        _refuse(
            path, f"has {len(fields)} fields, {len(kinds)} kinds and {len(all_names)} lists of bins; one each belongs"
        )
    bins = []
    for i, (kind, listed) in enumerate(zip(kinds, all_names, strict=True)):
        paths = [f"{path}.bins[{i}][{j}]" for j in range(len(_list(listed, f"{path}.bins[{i}]")))]
        names = [_named(one, here) for one, here in zip(listed, paths, strict=True)]
        bins.append(_read_bins(kind, f"{path}.kinds[{i}]", names, paths))
    by_field = dict(zip(fields, bins, strict=True))
    trees = []
    for i, one in enumerate(_list(found["trees"], f"{path}.trees")):
        tree = _read_tree(one, f"{path}.trees[{i}]", by_field)
        if isinstance(tree, Leaf):
            _refuse(f"{path}.trees[{i}]", "asks no field; a tree has an 'if'")
        trees.append(tree)
    error = _error(found["error"], f"{path}.error")
    term = Combination(tuple(fields), tuple(bins), tuple(trees), error)
    _check_combination(term, path)
    return term


def _read_tree(data: object, path: str, bins: Mapping[str, Bins], depth: int = 0) -> Branch | Leaf:
    if not isinstance(data, dict) or "if" not in data:
        leaf = _record(data, path, ("points", "leads"))
        return Leaf(_tenths(leaf["points"], f"{path}.points"), _count(leaf["leads"], f"{path}.leads"))
    if depth == DEEPEST:
        _refuse(path, f"is the {DEEPEST + 1}th split in a row; a tree has at most {DEEPEST}")
    found = _record(data, path, ("if", "in", "then", "else"))
    field = _string(found["if"], f"{path}.if")
    if field not in bins:
        _refuse(f"{path}.if", f"asks {quote(field)}, which is not among the fields of its combination")
    names = [_named(one, f"{path}.in[{i}]") for i, one in enumerate(_list(found["in"], f"{path}.in"))]
    chosen = _read_chosen(bins[field], names, f"{path}.in")
    return Branch(
        field,
        chosen,
        _read_tree(found["then"], f"{path}.then", bins, depth + 1),
        _read_tree(found["else"], f"{path}.else", bins, depth + 1),
    )


def _read_chosen(bins: Bins, names: list[dict[str, Any]], path: str) -> tuple[int, ...]:
    """The positions of the bins that a choice names, in the very words that `_chosen_names` would use."""
    known = _bin_names(bins)
    places = {tuple(one.items()): range(i, i + 1) for i, one in enumerate(known)}
    starts, ends = ({one[key]: i for i, one in enumerate(known) if key in one} for key in _EDGES)
    found: set[int] = set()
    for i, name in enumerate(names):
        here = f"{path}[{i}]"
        at = places.get(tuple(name.items()), range(0))
        if isinstance(bins, NumberBins) and name != {"is": MISSING}:
            at = range(starts.get(name.get("from"), 1), ends.get(name.get("below"), len(known) - 1) + 1)
            if at and _chosen_names(bins, at) != [name]:
                at = range(0)
        if not at:
            _refuse(here, f"says {_text(name)}, which none of the bins of its field says")
        if found and at[0] <= max(found):
            _refuse(here, f"says {_text(name)} after what comes behind it; bins stand once, in their order")
        found |= set(at)
    chosen = tuple(sorted(found))
    if chosen and _chosen_names(bins, chosen) != names:
        _refuse(path, f"says {_on_one_line(names)}; it must say {_on_one_line(_chosen_names(bins, chosen))}")
    return chosen


def _check_combination(term: Combination, path: str) -> None:
    """Refuse a combination that is not as its docstring says, whoever made it."""
    if len(set(term.fields)) != len(term.fields) or len(term.fields) < 3:
        _refuse(path, "must have three different fields or more; what one or two do belongs to a table or a pair")
    if len(term.bins) != len(term.fields):
        _refuse(path, f"has {len(term.bins)} bins for {len(term.fields)} fields")
    if not 0 <= term.error <= LARGEST:
        _refuse(f"{path}.error", f"is {term.error / 10}; an error lies between 0 and {LARGEST // 10}")
    bins = dict(zip(term.fields, term.bins, strict=True))
    for i, tree in enumerate(term.trees):
        if not isinstance(tree, Branch):
            _refuse(f"{path}.trees[{i}]", "asks no field; a tree has an 'if'")
        _check_tree(tree, f"{path}.trees[{i}]", bins)
    idle = set(term.fields).difference(*map(find_branch_fields, term.trees))
    if idle:
        _refuse(path, f"has the field {quote(next(one for one in term.fields if one in idle))}, which no tree asks")
    most = sum(max(abs(leaf.points) for leaf in list_leaves(tree)) for tree in term.trees)
    if most > LARGEST:
        _refuse(
            path, f"could add up to {most / 10}; the points of a term lie between {-LARGEST // 10} and {LARGEST // 10}"
        )


def _check_tree(node: Branch | Leaf, path: str, bins: Mapping[str, Bins], depth: int = 0) -> None:
    if isinstance(node, Leaf):
        return
    if depth == DEEPEST:
        _refuse(path, f"is the {DEEPEST + 1}th split in a row; a tree has at most {DEEPEST}")
    if node.field not in bins:
        _refuse(f"{path}.if", f"asks {quote(node.field)}, which is not among the fields of its combination")
    size = len(bins[node.field])
    if not 0 < len(node.bins) < size:
        which = "none" if not node.bins else "all"
        _refuse(
            f"{path}.in", f"names {which} of the {size} bins of '{node.field}'; a choice names some and leaves some"
        )
    if list(node.bins) != sorted(set(node.bins)) or not 0 <= node.bins[0] <= node.bins[-1] < size:
        _refuse(f"{path}.in", f"must name positions of '{node.field}' from 0 to {size - 1}, each once, ascending")
    _check_tree(node.then, f"{path}.then", bins, depth + 1)
    _check_tree(node.otherwise, f"{path}.else", bins, depth + 1)


def _read_pair(found: dict[str, Any], path: str) -> Pair:
    fields = [_string(one, f"{path}.fields[{i}]") for i, one in enumerate(_list(found["fields"], f"{path}.fields"))]
    kinds = _list(found["kinds"], f"{path}.kinds")
    if len(set(fields)) != 2 or len(fields) != 2 or len(kinds) != 2:
        _refuse(path, "must have two different fields and their two kinds")
    rows = [
        _record(one, f"{path}.rows[{i}]", ("row", "cells"))
        for i, one in enumerate(_list(found["rows"], f"{path}.rows"))
    ]
    row_names = [_named(one["row"], f"{path}.rows[{i}].row") for i, one in enumerate(rows)]
    row_bins = _read_bins(kinds[0], f"{path}.kinds[0]", row_names, [f"{path}.rows[{i}].row" for i in range(len(rows))])
    cells = [_read_cells(one["cells"], f"{path}.rows[{i}].cells") for i, one in enumerate(rows)]
    names = cells[0][0]
    column_bins = _read_bins(
        kinds[1], f"{path}.kinds[1]", names, [f"{path}.rows[0].cells[{j}]" for j in range(len(names))]
    )
    for i, (others, _, _, errors) in enumerate(cells):
        if others != names:
            _refuse(f"{path}.rows[{i}].cells", "must have the same bins as the cells of the first row")
        if bool(errors) != bool(cells[0][3]):
            _refuse(f"{path}.rows[{i}].cells", "must have an 'error' where the cells of the first row have one")
    return Pair(
        (fields[0], fields[1]),
        (row_bins, column_bins),
        tuple(points for _, points, _, _ in cells),
        tuple(counts for _, _, counts, _ in cells),
        tuple(errors for *_, errors in cells if errors),
    )


def _read_cells(
    data: object, path: str
) -> tuple[list[dict[str, Any]], tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """The name of each bin, its points (tenths), its leads, and its error (tenths) where they have one."""
    names, points, counts, errors = [], [], [], []
    for i, one in enumerate(_list(data, path)):
        here = f"{path}[{i}]"
        found = _record(one, here, ("points", "leads"), ("error", "is", "from", "below", "level"))
        points.append(_tenths(found.pop("points"), f"{here}.points"))
        counts.append(_count(found.pop("leads"), f"{here}.leads"))
        if "error" in found:
            errors.append(_error(found.pop("error"), f"{here}.error"))
        if errors and len(errors) != i + 1:
            _refuse(here, "has an 'error' and the bin before it none, or the other way round; all have one or none has")
        names.append(_named(found, here))
    return names, tuple(points), tuple(counts), tuple(errors)


def _named(data: object, path: str) -> dict[str, Any]:
    """The name of a bin: texts and finite numbers only."""
    found = _record(data, path, (), ("is", "from", "below", "level"))
    for key, value in found.items():
        found[key] = _number(value, f"{path}.{key}") if key in _EDGES else _string(value, f"{path}.{key}")
    return found


def _read_bins(kind: object, path: str, names: list[dict[str, Any]], paths: list[str]) -> Bins:
    """The bins that have these names; `paths` lead to them. The names must be the ones that the bins would give."""
    bins: Bins
    if kind == "number":
        bins = NumberBins(tuple(_inner("below", names, paths)))
        for i, (low, high) in enumerate(pairwise(bins.edges), start=2):
            if not low < high:
                _refuse(
                    paths[i],
                    f"ends below {format_number(high)}, and the bin before it below {format_number(low)};"
                    " edges must ascend",
                )
    elif kind == "text":
        bins = TextBins(tuple(_inner("level", names, paths)))
        for i, level in enumerate(bins.levels, start=1):
            if bins.index[level] != i:
                _refuse(paths[bins.index[level]], f"is a second bin for {quote(level)}")
    elif kind == "flag":
        bins = FlagBins()
    else:
        _refuse(path, f"is {quote(kind)}, which is not one of: {', '.join(_KINDS.values())}")
    wanted = _bin_names(bins)
    for name, want, here in zip(names, wanted, paths, strict=False):
        if name != want:
            _refuse(here, f"says {_text(name)}; in this place it must say {_text(want)}")
    if len(names) != len(wanted):
        _refuse(path.rpartition(".")[0], f"has {len(names)} bins of a {kind} where {len(wanted)} belong")
    return bins


def _inner(key: str, names: list[dict[str, Any]], paths: list[str]) -> list[Any]:
    """What the bins between the first and the last say under `key`."""
    for name, path in list(zip(names, paths, strict=True))[1:-1]:
        if key not in name:
            _refuse(path, f"has no '{key}'")
    return [name[key] for name in names[1:-1]]


# -- single values ----------------------------------------------------------------------------------------------------


def _refuse(path: str, reason: str) -> NoReturn:
    raise ReleaseError(f"{path} {reason}")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ReleaseError(f"the key {quote(max(keys, key=keys.count))} stands twice in one record")
    return found


def _no_constant(word: str) -> NoReturn:
    raise ReleaseError(f"{word} is not a finite number")


def _kind(value: object) -> str:
    if isinstance(value, dict | list):
        return "a record" if isinstance(value, dict) else "a list"
    return "nothing" if value is None else quote(value)


def _record(data: object, path: str, keys: Sequence[str], more: Sequence[str] = ()) -> dict[str, Any]:
    """A copy of a record that has all of `keys`, and of others only those in `more`."""
    if not isinstance(data, dict):
        _refuse(path, f"must be a record, not {_kind(data)}")
    for key in keys:
        if key not in data:
            _refuse(path, f"has no '{key}'")
    for key in data:
        if key not in keys and key not in more:
            _refuse(path, f"has the unknown key {quote(key)}")
    return dict(data)


def _list(data: object, path: str) -> list[Any]:
    if not isinstance(data, list):
        _refuse(path, f"must be a list, not {_kind(data)}")
    return data


def _string(data: object, path: str) -> str:
    if not isinstance(data, str):
        _refuse(path, f"must be a text, not {_kind(data)}")
    try:
        data.encode()
    except UnicodeEncodeError:
        _refuse(path, f"is {quote(data)}, which holds half a character")
    return data


def _number(data: object, path: str) -> float:
    if isinstance(data, bool) or not isinstance(data, int | float):
        _refuse(path, f"must be a number, not {_kind(data)}")
    try:
        number = float(data)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        _refuse(path, "is not a finite number")
    return number


def _tenths(data: object, path: str) -> int:
    number = _number(data, path)
    tenths = Decimal(repr(number)) * 10
    if tenths != tenths.to_integral_value():
        _refuse(path, f"is {number}; points have at most one decimal")
    if abs(tenths) > LARGEST:
        _refuse(path, f"is {number}; points lie between {-LARGEST // 10} and {LARGEST // 10}")
    return int(tenths)


def _error(data: object, path: str) -> int:
    error = _tenths(data, path)
    if error < 0:
        _refuse(path, f"is {error / 10}; an error is 0 or more")
    return error


def _count(data: object, path: str) -> int:
    if isinstance(data, bool) or not isinstance(data, int) or data < 0:
        _refuse(path, f"must be a count of leads, not {_kind(data)}")
    return data


# -- against the card -------------------------------------------------------------------------------------------------


def check_learned(card: Card, learned: Learned) -> None:
    """Check that a card has all that what was learned asks of it. Raises ReleaseError with every mistake, a line each.

    Every field that a term asks must be there, of the kind of its bins, and every line must belong to a stage.
    """
    problems = []
    for term in learned.terms:
        for name, bins in _asked(term).items():
            kind = _KINDS[type(bins)]
            if name not in card.fields:
                hint = did_you_mean(name, card.fields)
                problems.append(f"the term '{term.name}' asks the field '{name}', which the card doesn't have.{hint}")
            elif card.fields[name].kind != kind:
                found = f"its kind in the card is {card.fields[name].kind}"
                problems.append(f"the term '{term.name}' has {kind} bins for the field '{name}'; {found}")
    stages = [stage.name for stage in card.stages]
    for stage in learned.thresholds:
        if stage not in stages:
            hint = did_you_mean(stage, stages) or " The card has no stages."
            problems.append(f"a promotion line is for the stage {quote(stage)}, which the card doesn't have.{hint}")
    if problems:
        raise ReleaseError("\n".join(problems))


def _asked(term: Term) -> Mapping[str, Bins]:
    return dict(zip(term.fields, list_bins(term), strict=True))
