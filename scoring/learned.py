"""What was learned, as a text that people can read and compare, and back again without loss.

The text is JSON with one bin a line. A bin is named by what falls in it, so that the same words tell the reader and the
loader:

    {"points":    -3.4, "leads":     210, "is": "missing"}
    {"points":     1.5, "leads":    3020, "from": 10, "below": 50}
    {"points":    12.0, "leads":      95, "level": "trade fair"}
    {"points":     0.0, "leads":       8, "is": "other"}

Points have one decimal; inside they are whole tenths. The first two columns have a fixed width: where the points of one
bin change, one line changes. Nothing is taken on trust when a text is read: shapes, kinds and the order of the bins are
checked, and the first mistake is named with its path.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any, NoReturn

from scoring.errors import ReleaseError, did_you_mean, shown
from scoring.gate import Line
from scoring.lookup import MISSING, OTHER, Bins, FlagBins, NumberBins, Pair, Table, Term, TextBins, plain
from scoring.scorecard import Card, Learned

FORMAT = 1
LARGEST = 1_000_000  # tenths: what a thousand terms add up to still fits the 32-bit integers of every SQL engine
ANY = "any"

_KINDS = {NumberBins: "number", TextBins: "text", FlagBins: "flag"}
_WIDTHS = {"points": 7, "leads": 7}
_EDGES = ("from", "below")


# -- to text ----------------------------------------------------------------------------------------------------------


def learned_to_dict(learned: Learned) -> dict[str, Any]:
    """What was learned, as JSON: points with one decimal, a record for each bin.

    Raises ReleaseError where a term has more or fewer points or counts than bins.
    """
    return {
        "format": FORMAT,
        "base_rate": None if learned.base_rate is None else float(learned.base_rate),
        "start": int(learned.start) / 10,
        "trust": float(learned.trust),
        "lines": {stage: _line(line) for stage, line in learned.lines.items()},
        "terms": [_term(term) for term in learned.terms],
    }


def learned_to_text(learned: Learned) -> str:
    """What was learned, as the text of a JSON file with one bin a line. Raises ReleaseError as `learned_to_dict`."""
    return _text(learned_to_dict(learned)) + "\n"


def _line(line: Line) -> dict[str, Any]:
    found: dict[str, Any] = {"points": None if line.points is None else int(line.points) / 10}
    return found | {key: text for key, text in (("closed", line.closed), ("promise", line.promise)) if text}


def _term(term: Term) -> dict[str, Any]:
    match term:
        case Table():
            cells = _cells(term.name, term.bins, term.points, term.counts)
            return {"field": term.field, "kind": _KINDS[type(term.bins)], "bins": cells}
        case Pair(bins=(rows, columns)):
            _same_length(term.name, rows, term.points, term.counts)
            return {
                "fields": list(term.fields),
                "kinds": [_KINDS[type(rows)], _KINDS[type(columns)]],
                "rows": [
                    {"row": row, "cells": _cells(term.name, columns, points, counts)}
                    for row, points, counts in zip(_bin_names(rows), term.points, term.counts, strict=True)
                ],
            }


def _cells(name: str, bins: Bins, points: Sequence[int], counts: Sequence[int]) -> list[dict[str, Any]]:
    _same_length(name, bins, points, counts)
    rows = zip(_bin_names(bins), points, counts, strict=True)
    return [{"points": int(point) / 10, "leads": int(count), **label} for label, point, count in rows]


def _same_length(name: str, bins: Bins, points: Sequence[object], counts: Sequence[object]) -> None:
    for what, found in (("points", points), ("counts", counts)):
        if len(found) != len(bins):
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
        return _block("{}", [f"{inner}{_quoted(key)}: {_text(one, inner)}" for key, one in value.items()], indent)
    if isinstance(value, list):
        if not _nested(value):
            return "[" + ", ".join(_scalar(one) for one in value) + "]"
        return _block("[]", [f"{inner}{_text(one, inner)}" for one in value], indent)
    return _scalar(value)


def _nested(values: Iterable[Any]) -> bool:
    return any(isinstance(one, dict | list) for one in values)


def _block(brackets: str, lines: list[str], indent: str) -> str:
    return "\n".join([brackets[0], ",\n".join(lines), indent + brackets[1]])


def _scalar(value: Any, key: str = "", padded: bool = False) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if key in _EDGES:
        # Minus zero keeps its point: the whole number -0 would come back as 0.
        return plain(value) if value or math.copysign(1, value) > 0 else repr(value)
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
        _refuse("$.format", f"is {shown(data['format'])}; this version of leadledger reads format {FORMAT}")
    found = _record(data, "$", ("format", "base_rate", "start", "trust", "lines", "terms"))
    base_rate = None if found["base_rate"] is None else _number(found["base_rate"], "$.base_rate")
    if base_rate is not None and not 0 < base_rate < 1:
        _refuse("$.base_rate", f"is {base_rate}; it must lie between 0 and 1, both left out")
    trust = _number(found["trust"], "$.trust")
    if not 0 <= trust <= 1:
        _refuse("$.trust", f"is {trust}; it must lie between 0 and 1")
    if not isinstance(found["lines"], dict):
        _refuse("$.lines", f"must be a record, not {_kind(found['lines'])}")
    lines = {stage: _read_line(line, f"$.lines[{shown(stage)}]") for stage, line in found["lines"].items()}
    terms: dict[str, Term] = {}
    for i, one in enumerate(_list(found["terms"], "$.terms")):
        term = _read_term(one, f"$.terms[{i}]")
        if term.name in terms:
            _refuse(f"$.terms[{i}]", f"is a second term '{term.name}'; a field, or a pair of fields, has one")
        terms[term.name] = term
    return Learned(base_rate, _tenths(found["start"], "$.start"), trust, tuple(terms.values()), lines)


def _read_line(data: object, path: str) -> Line:
    found = _record(data, path, ("points",), ("closed", "promise"))
    points = None if found["points"] is None else _tenths(found["points"], f"{path}.points")
    closed, promise = (_string(found.get(key, ""), f"{path}.{key}") for key in ("closed", "promise"))
    return Line(points, closed, promise)


def _read_term(data: object, path: str) -> Term:
    if isinstance(data, dict) and "fields" in data:
        return _read_pair(_record(data, path, ("fields", "kinds", "rows")), path)
    found = _record(data, path, ("field", "kind", "bins"))
    names, points, counts = _read_cells(found["bins"], f"{path}.bins")
    bins = _read_bins(found["kind"], f"{path}.kind", names, [f"{path}.bins[{i}]" for i in range(len(names))])
    return Table(_string(found["field"], f"{path}.field"), bins, points, counts)


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
    for i, (others, _, _) in enumerate(cells):
        if others != names:
            _refuse(f"{path}.rows[{i}].cells", "must have the same bins as the cells of the first row")
    return Pair(
        (fields[0], fields[1]),
        (row_bins, column_bins),
        tuple(points for _, points, _ in cells),
        tuple(counts for _, _, counts in cells),
    )


def _read_cells(data: object, path: str) -> tuple[list[dict[str, Any]], tuple[int, ...], tuple[int, ...]]:
    """The name of each bin, its points (tenths) and its leads."""
    names, points, counts = [], [], []
    for i, one in enumerate(_list(data, path)):
        here = f"{path}[{i}]"
        found = _record(one, here, ("points", "leads"), ("is", "from", "below", "level"))
        points.append(_tenths(found.pop("points"), f"{here}.points"))
        counts.append(_count(found.pop("leads"), f"{here}.leads"))
        names.append(_named(found, here))
    return names, tuple(points), tuple(counts)


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
                    paths[i], f"ends below {plain(high)}, and the bin before it below {plain(low)}; edges must ascend"
                )
    elif kind == "text":
        bins = TextBins(tuple(_inner("level", names, paths)))
        for i, level in enumerate(bins.levels, start=1):
            if bins.index[level] != i:
                _refuse(paths[bins.index[level]], f"is a second bin for {shown(level)}")
    elif kind == "flag":
        bins = FlagBins()
    else:
        _refuse(path, f"is {shown(kind)}, which is not one of: {', '.join(_KINDS.values())}")
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
        raise ReleaseError(f"the key {shown(max(keys, key=keys.count))} stands twice in one record")
    return found


def _no_constant(word: str) -> NoReturn:
    raise ReleaseError(f"{word} is not a finite number")


def _kind(value: object) -> str:
    if isinstance(value, dict | list):
        return "a record" if isinstance(value, dict) else "a list"
    return "nothing" if value is None else shown(value)


def _record(data: object, path: str, keys: Sequence[str], more: Sequence[str] = ()) -> dict[str, Any]:
    """A copy of a record that has all of `keys`, and of others only those in `more`."""
    if not isinstance(data, dict):
        _refuse(path, f"must be a record, not {_kind(data)}")
    for key in keys:
        if key not in data:
            _refuse(path, f"has no '{key}'")
    for key in data:
        if key not in keys and key not in more:
            _refuse(path, f"has the unknown key {shown(key)}")
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
        _refuse(path, f"is {shown(data)}, which holds half a character")
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
    for stage in learned.lines:
        if stage not in stages:
            hint = did_you_mean(stage, stages) or " The card has no stages."
            problems.append(f"a promotion line is for the stage {shown(stage)}, which the card doesn't have.{hint}")
    if problems:
        raise ReleaseError("\n".join(problems))


def _asked(term: Term) -> Mapping[str, Bins]:
    match term:
        case Table():
            return {term.field: term.bins}
        case Pair():
            return dict(zip(term.fields, term.bins, strict=True))
