"""Reading what `learned_writer` wrote. Nothing is taken on trust.

Shapes, kinds and the order of the bins are checked, and a ReleaseError names the first mistake with its path, such as
`$.terms[0].bins[2].points`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from typing import Any, NoReturn

from leadledger.models.releases.learned_checks import (
    BIN_KINDS,
    DEEPEST_TREE,
    LARGEST_TENTHS,
    check_combination,
    refuse,
)
from leadledger.models.releases.learned_writer import (
    EDGE_KEYS,
    LEARNED_FORMAT,
    bin_names,
    chosen_names,
    text_of,
    texts_on_one_line,
)
from leadledger.scoring.bins import MISSING, Bins, FlagBins, NumberBins, TextBins, format_number
from leadledger.scoring.errors import ReleaseError, quote
from leadledger.scoring.gate import Threshold
from leadledger.scoring.lookup import Branch, Combination, Leaf, Pair, Table, Term
from leadledger.scoring.scorecard import MOST_PERCENT, Choice, Learned

_STEP_KEYS = ("base_rate", "start", "trust", "terms")
_FLAG_NAME = re.compile(r"[a-z][a-z0-9_]{0,119}")


def learned_from_text(text: str) -> Learned:
    """What `learned_to_text` wrote. Raises ReleaseError that names the first mistake and its path."""
    try:
        data = json.loads(text, object_pairs_hook=_unique_keys, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise ReleaseError(f"what was learned is not JSON: {error.msg}, line {error.lineno}") from None
    except (ValueError, RecursionError):  # a whole number of thousands of digits; brackets without end
        raise ReleaseError("what was learned is not JSON that can be read") from None
    return learned_from_dict(data)


def learned_from_dict(data: object) -> Learned:
    """What `learned_to_dict` gave. Raises ReleaseError that names the first mistake and its path."""
    if isinstance(data, dict) and data.get("format", LEARNED_FORMAT) != LEARNED_FORMAT:
        refuse("$.format", f"is {quote(data['format'])}; this version of leadledger reads format {LEARNED_FORMAT}")
    optional = ("choices", "levels", "percentiles", "steps")
    record = _read_record(data, "$", ("format", "base_rate", "start", "trust", "lines", "terms"), optional)
    learned = _read_price(record, "$")
    thresholds = _read_mapping(record["lines"], "$.lines")
    lines = {stage: _read_threshold(item, f"$.lines[{quote(stage)}]") for stage, item in thresholds.items()}
    choices = _read_choices(record.get("choices", {}), "$.choices")
    levels = {
        name: tuple(
            _read_text(text, f"$.levels.{name}[{i}]") for i, text in enumerate(_read_list(item, f"$.levels.{name}"))
        )
        for name, item in _read_mapping(record.get("levels", {}), "$.levels").items()
    }
    percentiles = _read_percentiles(record["percentiles"], "$.percentiles") if "percentiles" in record else ()
    steps = {
        stage: _read_price(_read_record(item, f"$.steps.{stage}", _STEP_KEYS), f"$.steps.{stage}")
        for stage, item in _read_mapping(record.get("steps", {}), "$.steps").items()
    }
    return replace(learned, thresholds=lines, choices=choices, levels=levels, percentiles=percentiles, steps=steps)


def _read_price(record: Mapping[str, Any], path: str) -> Learned:
    """The base rate, the start, the trust and the terms of the whole, or of a step."""
    base_rate = None if record["base_rate"] is None else _read_number(record["base_rate"], f"{path}.base_rate")
    if base_rate is not None and not 0 < base_rate < 1:
        refuse(f"{path}.base_rate", f"is {base_rate}; it must lie between 0 and 1, both left out")
    trust = _read_number(record["trust"], f"{path}.trust")
    if not 0 <= trust <= 1:
        refuse(f"{path}.trust", f"is {trust}; it must lie between 0 and 1")
    terms: dict[frozenset[str], Term] = {}
    for i, item in enumerate(_read_list(record["terms"], f"{path}.terms")):
        term = _read_term(item, f"{path}.terms[{i}]")
        if frozenset(term.fields) in terms:
            refuse(f"{path}.terms[{i}]", f"is a second term '{term.name}'; a field, or a set of fields, has one")
        terms[frozenset(term.fields)] = term
    return Learned(base_rate, _read_tenths(record["start"], f"{path}.start"), trust, tuple(terms.values()))


def _read_percentiles(data: object, path: str) -> tuple[int, ...]:
    """The points from which a lead is better than each percent of others."""
    steps = tuple(_read_tenths(item, f"{path}[{i}]") for i, item in enumerate(_read_list(data, path)))
    if len(steps) != MOST_PERCENT:
        refuse(path, f"has {len(steps)} numbers; it has one for each percent, {MOST_PERCENT} in all")
    for i, (low, high) in enumerate(pairwise(steps), start=1):
        if high < low:
            refuse(f"{path}[{i}]", f"is {high / 10}, less than the {low / 10} before it; they must not fall")
    return steps


def _read_choices(data: object, path: str) -> dict[str, Choice]:
    """The choices that are asked as flags, by the names of the flags."""
    choices = {}
    for name, item in _read_mapping(data, path).items():
        if not _FLAG_NAME.fullmatch(name):
            refuse(path, f"has the name {quote(name)}, which is no name of a field")
        record = _read_record(item, f"{path}.{name}", ("field", "choice"))
        choices[name] = Choice(*(_read_text(record[key], f"{path}.{name}.{key}") for key in ("field", "choice")))
    return choices


def _read_threshold(data: object, path: str) -> Threshold:
    record = _read_record(data, path, ("points",), ("closed", "promise"))
    points = None if record["points"] is None else _read_tenths(record["points"], f"{path}.points")
    closed, promise = (_read_text(record.get(key, ""), f"{path}.{key}") for key in ("closed", "promise"))
    return Threshold(points, closed, promise)


def _read_term(data: object, path: str) -> Term:
    if isinstance(data, dict) and "trees" in data:
        return _read_combination(_read_record(data, path, ("fields", "kinds", "bins", "error", "trees")), path)
    if isinstance(data, dict) and "fields" in data:
        return _read_pair(_read_record(data, path, ("fields", "kinds", "rows")), path)
    record = _read_record(data, path, ("field", "kind", "bins"))
    cells = _read_cells(record["bins"], f"{path}.bins")
    paths = [f"{path}.bins[{i}]" for i in range(len(cells.names))]
    bins = _read_bins(record["kind"], f"{path}.kind", cells.names, paths)
    return Table(_read_text(record["field"], f"{path}.field"), bins, cells.points, cells.counts, cells.errors)


def _read_combination(record: dict[str, Any], path: str) -> Combination:
    fields, kinds, names_by_field = (_read_list(record[key], f"{path}.{key}") for key in ("fields", "kinds", "bins"))
    fields = [_read_text(field, f"{path}.fields[{i}]") for i, field in enumerate(fields)]
    if not len(fields) == len(kinds) == len(names_by_field):
        counts = f"{len(fields)} fields, {len(kinds)} kinds and {len(names_by_field)} lists of bins"
        refuse(path, f"has {counts}; one each belongs")
    bins = []
    for i, (kind, items) in enumerate(zip(kinds, names_by_field, strict=True)):
        paths = [f"{path}.bins[{i}][{j}]" for j in range(len(_read_list(items, f"{path}.bins[{i}]")))]
        names = [_read_bin_name(item, item_path) for item, item_path in zip(items, paths, strict=True)]
        bins.append(_read_bins(kind, f"{path}.kinds[{i}]", names, paths))
    by_field = dict(zip(fields, bins, strict=True))
    trees = []
    for i, item in enumerate(_read_list(record["trees"], f"{path}.trees")):
        tree = _read_tree(item, f"{path}.trees[{i}]", by_field)
        if isinstance(tree, Leaf):
            refuse(f"{path}.trees[{i}]", "asks no field; a tree has an 'if'")
        trees.append(tree)
    error = _read_error(record["error"], f"{path}.error")
    term = Combination(tuple(fields), tuple(bins), tuple(trees), error)
    check_combination(term, path)
    return term


def _read_tree(data: object, path: str, bins: Mapping[str, Bins], depth: int = 0) -> Branch | Leaf:
    if not isinstance(data, dict) or "if" not in data:
        leaf = _read_record(data, path, ("points", "leads"))
        return Leaf(_read_tenths(leaf["points"], f"{path}.points"), _read_count(leaf["leads"], f"{path}.leads"))
    if depth == DEEPEST_TREE:
        refuse(path, f"is the {DEEPEST_TREE + 1}th split in a row; a tree has at most {DEEPEST_TREE}")
    record = _read_record(data, path, ("if", "in", "then", "else"))
    field = _read_text(record["if"], f"{path}.if")
    if field not in bins:
        refuse(f"{path}.if", f"asks {quote(field)}, which is not among the fields of its combination")
    names = [_read_bin_name(item, f"{path}.in[{i}]") for i, item in enumerate(_read_list(record["in"], f"{path}.in"))]
    chosen = _read_chosen(bins[field], names, f"{path}.in")
    return Branch(
        field,
        chosen,
        _read_tree(record["then"], f"{path}.then", bins, depth + 1),
        _read_tree(record["else"], f"{path}.else", bins, depth + 1),
    )


def _read_chosen(bins: Bins, names: list[dict[str, Any]], path: str) -> tuple[int, ...]:
    """The positions of the bins that a choice names. It must name them in the words that `chosen_names` would use."""
    known_names = bin_names(bins)
    positions = {tuple(known.items()): range(i, i + 1) for i, known in enumerate(known_names)}
    starts, ends = ({known[key]: i for i, known in enumerate(known_names) if key in known} for key in EDGE_KEYS)
    chosen_so_far: set[int] = set()
    for i, name in enumerate(names):
        name_path = f"{path}[{i}]"
        named = positions.get(tuple(name.items()), range(0))
        if isinstance(bins, NumberBins) and name != {"is": MISSING}:
            named = range(starts.get(name.get("from"), 1), ends.get(name.get("below"), len(known_names) - 1) + 1)
            if named and chosen_names(bins, named) != [name]:
                named = range(0)
        if not named:
            refuse(name_path, f"says {text_of(name)}, which none of the bins of its field says")
        if chosen_so_far and named[0] <= max(chosen_so_far):
            refuse(name_path, f"says {text_of(name)} after what comes behind it; bins stand once, in their order")
        chosen_so_far |= set(named)
    chosen = tuple(sorted(chosen_so_far))
    if chosen and chosen_names(bins, chosen) != names:
        refuse(path, f"says {texts_on_one_line(names)}; it must say {texts_on_one_line(chosen_names(bins, chosen))}")
    return chosen


def _read_pair(record: dict[str, Any], path: str) -> Pair:
    fields = _read_list(record["fields"], f"{path}.fields")
    fields = [_read_text(field, f"{path}.fields[{i}]") for i, field in enumerate(fields)]
    kinds = _read_list(record["kinds"], f"{path}.kinds")
    if len(set(fields)) != 2 or len(fields) != 2 or len(kinds) != 2:
        refuse(path, "must have two different fields and their two kinds")
    rows = _read_list(record["rows"], f"{path}.rows")
    rows = [_read_record(row, f"{path}.rows[{i}]", ("row", "cells")) for i, row in enumerate(rows)]
    row_paths = [f"{path}.rows[{i}].row" for i in range(len(rows))]
    row_names = [_read_bin_name(row["row"], row_path) for row, row_path in zip(rows, row_paths, strict=True)]
    row_bins = _read_bins(kinds[0], f"{path}.kinds[0]", row_names, row_paths)
    lines = [_read_cells(row["cells"], f"{path}.rows[{i}].cells") for i, row in enumerate(rows)]
    first = lines[0]
    column_paths = [f"{path}.rows[0].cells[{j}]" for j in range(len(first.names))]
    column_bins = _read_bins(kinds[1], f"{path}.kinds[1]", first.names, column_paths)
    for i, line in enumerate(lines):
        if line.names != first.names:
            refuse(f"{path}.rows[{i}].cells", "must have the same bins as the cells of the first row")
        if bool(line.errors) != bool(first.errors):
            refuse(f"{path}.rows[{i}].cells", "must have an 'error' where the cells of the first row have one")
    return Pair(
        (fields[0], fields[1]),
        (row_bins, column_bins),
        tuple(line.points for line in lines),
        tuple(line.counts for line in lines),
        tuple(line.errors for line in lines if line.errors),
    )


@dataclass(frozen=True)
class _LineOfBins:
    """The bins of a table, or of a row of a pair: names, points (tenths), leads, errors (tenths; empty: not known)."""

    names: list[dict[str, Any]]
    points: tuple[int, ...]
    counts: tuple[int, ...]
    errors: tuple[int, ...]


def _read_cells(data: object, path: str) -> _LineOfBins:
    names, points, counts, errors = [], [], [], []
    for i, item in enumerate(_read_list(data, path)):
        bin_path = f"{path}[{i}]"
        record = _read_record(item, bin_path, ("points", "leads"), ("error", "is", "from", "below", "level"))
        points.append(_read_tenths(record.pop("points"), f"{bin_path}.points"))
        counts.append(_read_count(record.pop("leads"), f"{bin_path}.leads"))
        if "error" in record:
            errors.append(_read_error(record.pop("error"), f"{bin_path}.error"))
        if errors and len(errors) != i + 1:
            reason = "has an 'error' and the bin before it none, or the other way round; all have one or none has"
            refuse(bin_path, reason)
        names.append(_read_bin_name(record, bin_path))
    return _LineOfBins(names, tuple(points), tuple(counts), tuple(errors))


def _read_bin_name(data: object, path: str) -> dict[str, Any]:
    """The name of a bin: texts and finite numbers only."""
    name = _read_record(data, path, (), ("is", "from", "below", "level"))
    for key, value in name.items():
        name[key] = _read_number(value, f"{path}.{key}") if key in EDGE_KEYS else _read_text(value, f"{path}.{key}")
    return name


def _read_bins(kind: object, path: str, names: list[dict[str, Any]], paths: list[str]) -> Bins:
    """The bins that have these names; `paths` lead to them. The names must be the ones that the bins would give."""
    bins: Bins
    if kind == "number":
        bins = NumberBins(tuple(_inner_values("below", names, paths)))
        for i, (low, high) in enumerate(pairwise(bins.edges), start=2):
            if not low < high:
                both = f"ends below {format_number(high)}, and the bin before it below {format_number(low)}"
                refuse(paths[i], f"{both}; edges must ascend")
    elif kind == "text":
        bins = TextBins(tuple(_inner_values("level", names, paths)))
        for i, level in enumerate(bins.levels, start=1):
            if bins.index[level] != i:
                refuse(paths[bins.index[level]], f"is a second bin for {quote(level)}")
    elif kind == "flag":
        bins = FlagBins()
    else:
        refuse(path, f"is {quote(kind)}, which is not one of: {', '.join(BIN_KINDS.values())}")
    expected_names = bin_names(bins)
    for name, expected, name_path in zip(names, expected_names, paths, strict=False):
        if name != expected:
            refuse(name_path, f"says {text_of(name)}; in this place it must say {text_of(expected)}")
    if len(names) != len(expected_names):
        refuse(path.rpartition(".")[0], f"has {len(names)} bins of a {kind} where {len(expected_names)} belong")
    return bins


def _inner_values(key: str, names: list[dict[str, Any]], paths: list[str]) -> list[Any]:
    """The values under `key` of the bins between the first and the last."""
    for name, path in list(zip(names, paths, strict=True))[1:-1]:
        if key not in name:
            refuse(path, f"has no '{key}'")
    return [name[key] for name in names[1:-1]]


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ReleaseError(f"the key {quote(max(keys, key=keys.count))} stands twice in one record")
    return record


def _refuse_constant(word: str) -> NoReturn:
    raise ReleaseError(f"{word} is not a finite number")


def _kind_of_json(value: object) -> str:
    if isinstance(value, dict | list):
        return "a record" if isinstance(value, dict) else "a list"
    return "nothing" if value is None else quote(value)


def _read_record(data: object, path: str, keys: Sequence[str], more: Sequence[str] = ()) -> dict[str, Any]:
    """A copy of a record that has all of `keys`, and of others only those in `more`."""
    if not isinstance(data, dict):
        refuse(path, f"must be a record, not {_kind_of_json(data)}")
    for key in keys:
        if key not in data:
            refuse(path, f"has no '{key}'")
    for key in data:
        if key not in keys and key not in more:
            refuse(path, f"has the unknown key {quote(key)}")
    return dict(data)


def _read_mapping(data: object, path: str) -> dict[str, Any]:
    if not isinstance(data, dict):
        refuse(path, f"must be a record, not {_kind_of_json(data)}")
    return data


def _read_list(data: object, path: str) -> list[Any]:
    if not isinstance(data, list):
        refuse(path, f"must be a list, not {_kind_of_json(data)}")
    return data


def _read_text(data: object, path: str) -> str:
    if not isinstance(data, str):
        refuse(path, f"must be a text, not {_kind_of_json(data)}")
    try:
        data.encode()
    except UnicodeEncodeError:
        refuse(path, f"is {quote(data)}, which holds half a character")
    return data


def _read_number(data: object, path: str) -> float:
    if isinstance(data, bool) or not isinstance(data, int | float):
        refuse(path, f"must be a number, not {_kind_of_json(data)}")
    try:
        number = float(data)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        refuse(path, "is not a finite number")
    return number


def _read_tenths(data: object, path: str) -> int:
    number = _read_number(data, path)
    tenths = Decimal(repr(number)) * 10
    if tenths != tenths.to_integral_value():
        refuse(path, f"is {number}; points have at most one decimal")
    if abs(tenths) > LARGEST_TENTHS:
        refuse(path, f"is {number}; points lie between {-LARGEST_TENTHS // 10} and {LARGEST_TENTHS // 10}")
    return int(tenths)


def _read_error(data: object, path: str) -> int:
    error = _read_tenths(data, path)
    if error < 0:
        refuse(path, f"is {error / 10}; an error is 0 or more")
    return error


def _read_count(data: object, path: str) -> int:
    if isinstance(data, bool) or not isinstance(data, int) or data < 0:
        refuse(path, f"must be a count of leads, not {_kind_of_json(data)}")
    return data
