"""JSON lines: one object a line, converted to CSV; its columns are all the keys of the file, in order of appearance."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from leadledger.scoring.errors import DataError
from leadledger.scoring.number_forms import write_number
from leadledger.training.sources.scan import LONGEST_LINE, Reject

_ARRAY = re.compile(r"\[\s*\{\s*\"")
_DEEPEST = 100  # levels of objects and arrays within each other
_LONGEST_VALUE = 10_000  # characters of a line that its reject shows
_NESTED = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class _Number(str):
    """A number as it is written."""

    __slots__ = ()


def _read_constant(text: str) -> _Number | None:
    """NaN, as Python writes what is missing, is missing."""
    return None if text == "NaN" else _Number(text)


_decoder = json.JSONDecoder(parse_float=_Number, parse_int=_Number, parse_constant=_read_constant)


def is_json_lines(label: str, start: str, suffix: str) -> bool:
    """Whether a file that starts so is JSON lines. Raises DataError for JSON that is not one object a line."""
    claimed = suffix.lower() in (".json", ".jsonl", ".ndjson")
    first = start.lstrip()
    line = first.split("\n", 1)[0].rstrip()
    if first.startswith("{"):
        try:
            if isinstance(json.loads(line), dict):
                return True
        except (ValueError, RecursionError):
            pass
    if (claimed and (first.startswith("[") or line == "{")) or _ARRAY.match(first):
        shape = "a JSON array" if first.startswith("[") else "a JSON object that runs over several lines"
        raise DataError(f'{label}: is {shape}; a list needs one JSON object per line, as in {{"budget": 25000}}')
    return claimed


def convert_to_csv(label: str, source: Path, converted: Path) -> tuple[tuple[str, ...], tuple[Reject, ...]]:
    """Write a file of JSON lines as CSV; returns its keys, and the lines that are no objects.

    The file is read twice, first for its keys. Empty lines are no rows. Raises DataError where no line has a key.
    """
    keys: dict[str, None] = {}
    for _, record in _read_lines(source):
        if isinstance(record, dict):
            keys.update(dict.fromkeys(record))
    folded: dict[str, str] = {}
    for key in keys:
        if not key.strip():
            raise DataError(f"{label}: has a key without a name; give it one")
        if folded.setdefault(key.lower(), key) != key:
            raise DataError(f"{label}: two keys differ only in case, {key!r} and {folded[key.lower()]!r}; rename one")
    if not keys:
        raise DataError(f"{label}: no line is a JSON object with keys; a list needs one such object per line")
    with converted.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([f"c{i}" for i in range(len(keys))])
        rejects = []
        for row, (line, record) in enumerate(_read_lines(source), start=1):
            if isinstance(record, dict):
                writer.writerow([_text(record.get(key)) for key in keys])
            else:
                rejects.append(Reject(row, "", line[:_LONGEST_VALUE], record))
    return tuple(keys), tuple(rejects)


def _read_lines(source: Path) -> Iterator[tuple[str, dict[str, Any] | str]]:
    """Each line that is not empty, with its record or the reason why it is none."""
    with source.open("rb") as file:
        for raw in file:
            if not raw.strip():
                continue
            if len(raw) > LONGEST_LINE:
                yield "", f"is longer than {LONGEST_LINE:,} bytes"
                continue
            try:
                line = raw.decode("utf-8-sig").strip()
            except UnicodeDecodeError:
                yield raw.decode("utf-8", "replace").strip(), "is not UTF-8 text"
                continue
            try:
                record = _decoder.decode(line)
                json.dumps(record, ensure_ascii=False).encode()
            except UnicodeEncodeError:
                yield line, r"holds half of a sign, such as \ud800 alone"
                continue
            except (ValueError, RecursionError):
                yield line, "is not a JSON object"
                continue
            if _is_deep(record):
                yield line, f"is nested more than {_DEEPEST:,} levels deep"
            else:
                yield line, record if isinstance(record, dict) else "is not a JSON object"


def _is_deep(record: Any) -> bool:
    """Whether a value is nested more deeply than any lead is."""
    level = [record]
    for _ in range(_DEEPEST):
        level = [
            item
            for value in level
            if isinstance(value, (dict, list))
            for item in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return False
    return True


def _text(value: Any) -> str | None:
    if isinstance(value, _Number):
        return write_number(value)
    if isinstance(value, str):
        return value
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return _nested(value)


def _nested(value: Any) -> str:
    """A nested value as JSON, its numbers as they are written."""
    if isinstance(value, _Number):
        return value
    if isinstance(value, dict):
        return "{" + ",".join(f"{_NESTED.encode(key)}:{_nested(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_nested, value)) + "]"
    return _NESTED.encode(value)
