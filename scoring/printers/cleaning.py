"""The SQL printer's first steps: raw columns to typed fields, by the rules of `scoring/field.py`.

A column of texts is trimmed, looked up among the texts that mean "not known", and read by its field's kind; a column
that has a type already is taken as it is where the kinds agree. What can't be read turns `bad`, and its reason is left
to Python, which cleans the few bad rows once more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scoring.errors import PrinterError
from scoring.field import DATE, NO, NUMBER, YES, Field, fold
from scoring.printers.dialect import Dialect, name, number, text
from scoring.scorecard import Card

_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
_WIDE = ("HUGEINT", "UHUGEINT")
_FLOATS = ("FLOAT", "DOUBLE")
_TIMES = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE")
_TYPES = {"number": "DOUBLE", "text": "VARCHAR", "id": "VARCHAR", "flag": "BOOLEAN", "date": "DATE"}
_FIRST, _LAST = "DATE '0001-01-01'", "DATE '9999-12-31'"


def family(kind: str) -> str:
    """What a column of an SQL type holds: text, integer, wide, float, decimal, flag, date, time, or nothing we read."""
    kind = kind.upper()
    if kind in ("VARCHAR", "UUID") or kind.startswith("ENUM"):
        return "text"
    for word, kinds in (("integer", _INTEGERS), ("wide", _WIDE), ("float", _FLOATS), ("time", _TIMES)):
        if kind in kinds:
            return word
    if kind.startswith("DECIMAL"):
        return "decimal"
    return {"BOOLEAN": "flag", "DATE": "date", '"NULL"': "text"}.get(kind, "")


def used(card: Card, columns: Mapping[str, str]) -> dict[str, list[str]]:
    """The columns that hold each plain field, of those that there are, in the order of the fields."""
    return {one.name: [column for column in one.columns if column in columns] for one in card.plain}


def steps(card: Card, columns: Mapping[str, str], dialect: Dialect) -> Iterator[tuple[str, str, list[str]]]:
    """The steps, each with its label, its reason and its columns; they end in `f:…` for each field, and `ll:bad`."""
    found = used(card, columns)
    for names in found.values():
        for column in names:
            if not family(columns[column]):
                raise PrinterError(f"column '{column}' has the type {columns[column]}, which holds no single value")
    texts = [(one, column) for one in card.plain for column in found[one.name] if family(columns[column]) == "text"]
    yield (
        "trimmed",
        "texts without white space at the ends; NULL where they mean: not known",
        [f"{_known(card, one, column, dialect)} AS {name(f'raw:{column}')}" for one, column in texts],
    )
    yield (
        "typed",
        "each value in the kind of its field, or NULL",
        [
            f"{_value(one, column, columns[column], dialect)} AS {name(f'v:{column}')}"
            for one in card.plain
            for column in found[one.name]
        ],
    )
    bad = [_bad(one, column, columns[column], dialect) for one in card.plain for column in found[one.name]]
    bad += [clash for one in card.plain for clash in _clashes(one, found[one.name])]
    yield (
        "cleaned",
        "the fields; `ll:bad` where a value can't be read",
        [
            *(f"{_field(one, found[one.name])} AS {name(f'f:{one.name}')}" for one in card.plain),
            f'{" OR ".join(f"({part})" for part in bad if part) or "FALSE"} AS "ll:bad"',
        ],
    )


def _known(card: Card, field: Field, column: str, dialect: Dialect) -> str:
    trimmed = dialect.trim(f"CAST({name(column)} AS VARCHAR)")
    absent = ", ".join(text(one) for one in sorted(card.absent | field.absent | {""}))
    return f"CASE WHEN {dialect.fold(trimmed)} NOT IN ({absent}) THEN {trimmed} END"


def _value(field: Field, column: str, kind: str, dialect: Dialect) -> str:
    """The typed value of a column; NULL where it is missing, and where it can't be read."""
    holds, raw = family(kind), name(column)
    if holds == "text":
        return _from_text(field, name(f"raw:{column}"), dialect)
    match field.kind, holds:
        case "number", "integer":
            return f"CAST({raw} AS DOUBLE)"
        case "number", "wide" | "decimal":
            # By way of text, which rounds once; the direct cast divides by a power of ten and may round twice.
            return f"CAST(CAST({raw} AS VARCHAR) AS DOUBLE)"
        case "number", "float":
            value = f"CAST({raw} AS DOUBLE)"
            return f"CASE WHEN {dialect.is_finite(value)} THEN {value} END"
        case "flag", "flag":
            return raw
        case "flag", "integer" | "wide" | "decimal" | "float":
            return f"CASE WHEN {raw} = 0 THEN FALSE WHEN {raw} = 1 THEN TRUE END"
        case "date", "date" | "time":
            day = f"CAST({raw} AS DATE)"
            return f"CASE WHEN {day} BETWEEN {_FIRST} AND {_LAST} THEN {day} END"
        case (("text" | "id"), ("integer" | "wide")):
            return _listed(field, f"CAST({raw} AS VARCHAR)", dialect)
    return f"CAST(NULL AS {_TYPES[field.kind]})"


def _from_text(field: Field, raw: str, dialect: Dialect) -> str:
    match field.kind:
        case "number":
            value = dialect.try_cast(raw, "DOUBLE")
            return f"CASE WHEN {dialect.matches(raw, NUMBER)} AND {dialect.is_finite(value)} THEN {value} END"
        case "flag":
            yes, no = (", ".join(map(text, words)) for words in (YES, NO))
            folded = dialect.fold(raw)
            return f"CASE WHEN {folded} IN ({yes}) THEN TRUE WHEN {folded} IN ({no}) THEN FALSE END"
        case "date":
            return _date(raw, dialect)
    return _listed(field, raw, dialect)


def _date(raw: str, dialect: Dialect) -> str:
    """The day of a written date; with a time and an offset, the day in UTC."""
    day = dialect.try_cast(f"substr({raw}, 1, 10)", "DATE")
    hour, minute, offset_hour, offset_minute = (
        f"coalesce({dialect.try_cast(dialect.group(raw, DATE, at), 'INTEGER')}, 0)" for at in (2, 3, 5, 6)
    )
    sign = f"CASE {dialect.group(raw, DATE, 4)} WHEN '-' THEN 1 WHEN '+' THEN -1 ELSE 0 END"
    minutes = f"{hour} * 60 + {minute} + {sign} * ({offset_hour} * 60 + {offset_minute})"
    moved = f"CASE WHEN {minutes} < 0 THEN -1 WHEN {minutes} >= 1440 THEN 1 ELSE 0 END"
    inside = f"{day} BETWEEN {_FIRST} AND {_LAST}"
    whole = f"CASE WHEN {inside} THEN {dialect.add_days(day, moved)} END"
    return (
        f"CASE WHEN NOT {dialect.matches(raw, DATE)} THEN NULL"
        f" WHEN length({raw}) = 10 THEN CASE WHEN {inside} THEN {day} END"
        f" WHEN {whole} BETWEEN {_FIRST} AND {_LAST} THEN {whole} END"
    )


def _listed(field: Field, raw: str, dialect: Dialect) -> str:
    if not field.values:
        return raw
    cases = "".join(f" WHEN {text(fold(value))} THEN {text(value)}" for value in field.values)
    return f"CASE {dialect.fold(raw)}{cases} END"


def _bad(field: Field, column: str, kind: str, dialect: Dialect) -> str:
    """Whether a value is there and can't be read; empty where that can't be."""
    holds, raw = family(kind), name(column)
    value = name(f"v:{column}")
    if holds == "text":
        raw = name(f"raw:{column}")
        if field.kind in ("text", "id") and not field.values:
            return ""
        if field.kind == "number":  # a written NaN is missing
            return f"{raw} IS NOT NULL AND {value} IS NULL AND {dialect.fold(raw)} <> 'nan'"
        return f"{raw} IS NOT NULL AND {value} IS NULL"
    if holds == "float":
        return f"{raw} IS NOT NULL AND {value} IS NULL AND NOT {dialect.is_nan(raw)}"
    return f"{raw} IS NOT NULL AND {value} IS NULL"


def _field(field: Field, columns: list[str]) -> str:
    values = [_present(field, column) for column in columns]
    if not values:
        return f"CAST(NULL AS {_TYPES[field.kind]})"
    return values[0] if len(values) == 1 else f"coalesce({', '.join(values)})"


def _present(field: Field, column: str) -> str:
    """The value of a column, or NULL where the field says that it means: not known."""
    value = name(f"v:{column}")
    if not field.missing:
        return value
    absent = ", ".join(number(one) if isinstance(one, float) else text(one) for one in field.missing)
    return f"CASE WHEN {value} NOT IN ({absent}) THEN {value} END"


def _clashes(field: Field, columns: list[str]) -> Iterator[str]:
    """Two columns of one field that hold different values."""
    for i, one in enumerate(columns):
        for other in columns[i + 1 :]:
            yield f"{_present(field, one)} <> {_present(field, other)}"
