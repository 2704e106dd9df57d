"""The SQL printer's first steps: raw columns to typed fields, by the rules of `scoring/field.py`.

A column of texts is trimmed, looked up among the texts that mean "not known", and read by its field's kind; a column
that has a type already is taken as it is where the kinds agree. What can't be read turns `bad`, and its reason is left
to Python, which cleans the few bad rows once more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from leadledger.scoring.errors import DataError, PrinterError, did_you_mean, quote
from leadledger.scoring.field import NO_TEXTS, NUMBER_PATTERN, YES_TEXTS, Field, fold
from leadledger.scoring.printers.sql.dialects.dialect import Dialect
from leadledger.scoring.printers.sql.dialects.literals import FIRST, LAST
from leadledger.scoring.scorecard import Card

_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
_WIDE = ("HUGEINT", "UHUGEINT")
_FLOATS = ("FLOAT", "DOUBLE")
_TIMES = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS")
KINDS = {"number": "DOUBLE", "text": "VARCHAR", "id": "VARCHAR", "flag": "BOOLEAN", "date": "DATE"}


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
    return {one.name: [column for column in one.columns if column in columns] for one in card.plain_fields}


def id_column(card: Card, columns: Mapping[str, str]) -> str:
    """The column of the lead's id: of the first field of `kind: id` that has one; empty where none has."""
    found = used(card, columns)
    return next((found[one.name][0] for one in card.plain_fields if one.kind == "id" and found[one.name]), "")


def used_by(card: Card, columns: Mapping[str, str], label: str) -> dict[str, list[str]]:
    """As `used`; `label` is what messages call the list. Raises DataError where no column belongs to the card."""
    found = used(card, columns)
    if not any(found.values()):
        known = [column for one in card.plain_fields for column in one.written_columns]
        first = next(iter(columns), None)
        said, hint = "it has none", ""
        if first is not None:
            said, hint = f"the first is {quote(first)}", did_you_mean(str(first), known)
        raise DataError(
            f"{label}: no column belongs to the card '{card.name}', {said}; rename the columns, or name them under"
            f" `from:` in the card.{hint}"
        )
    return found


def steps(
    card: Card, columns: Mapping[str, str], dialect: Dialect, raw: Callable[[str], str]
) -> Iterator[tuple[str, str, list[str]]]:
    """The steps, each with its label, its reason and its columns; they end in `f:…` for each field, and `ll:bad`.

    `raw` gives the quoted name under which the raw values of a column are read.
    """
    found = used(card, columns)
    name = dialect.name
    cells = [
        _Cell(card, one, column, raw(column), columns[column], dialect)
        for one in card.plain_fields
        for column in found[one.name]
    ]
    for cell in cells:
        if not cell.holds:
            raise PrinterError(f"column '{cell.column}' has the type {cell.type}, which holds no single value")
    yield (
        "trimmed",
        "texts of days, without white space at the ends",
        [
            f"CASE WHEN length({cell.raw}) = 10 THEN {cell.raw} ELSE {dialect.trim(cell.raw)} END"
            f" AS {name(f'raw:{cell.column}')}"
            for cell in cells
            if cell.holds == "text" and cell.field.kind == "date"
        ],
    )
    yield (
        "tidied",
        "flags and texts, without white space at the ends and in lower case",
        [f"{dialect.tidy(cell.raw)} AS {cell.tidy}" for cell in cells if cell.apart],
    )
    yield (
        "typed",
        "each value in the kind of its field, or NULL",
        [f"{cell.value()} AS {name(f'v:{cell.column}')}" for cell in cells],
    )
    bad = {name(f"bad:{cell.column}"): cell.bad() for cell in cells if cell.bad()}
    clashes = [clash for one in card.plain_fields for clash in _clashes(one, found[one.name], dialect)]
    yield (
        "cleaned",
        "the fields, and whether a value is there that can't be read",
        [
            *(f"{_field(one, found[one.name], dialect)} AS {name(f'f:{one.name}')}" for one in card.plain_fields),
            # As a CASE, since an AND works out all its parts for every row.
            *(f"CASE WHEN {asked} THEN TRUE END AS {column}" for column, asked in bad.items()),
        ],
    )
    cases = " ".join(f"WHEN {part} THEN TRUE" for part in [*bad, *clashes])
    yield (
        "judged",
        "whether a score would rest on a value that can't be read",
        [f"{f'CASE {cases} ELSE FALSE END' if cases else 'FALSE'} AS {name('ll:bad')}"],
    )


def doubtful(card: Card, columns: Mapping[str, str], dialect: Dialect) -> list[str]:
    """The columns that may hold a value that can't be read; a column `bad:…` is true of the rows where one does."""
    found = used(card, columns)
    cells = [
        _Cell(card, one, column, dialect.name(column), columns[column], dialect)
        for one in card.plain_fields
        for column in found[one.name]
    ]
    return [cell.column for cell in cells if cell.bad()]


class _Cell:
    """The SQL of one column that holds a field.

    A text is first asked for the forms in which most values come, as they are; only what is none of these is trimmed
    and folded, which costs ten times as much.
    """

    def __init__(self, card: Card, field: Field, column: str, raw: str, kind: str, dialect: Dialect) -> None:
        self.field = field
        self.column = column
        self.type = kind
        self.dialect = dialect
        self.holds = family(kind)
        self.raw = raw
        self.typed = dialect.name(f"v:{column}")
        self.absent = sorted(card.missing_texts | field.missing_texts | {""})  # texts, folded, that mean: not known
        self.apart = dialect.tidies_first and self.holds == "text" and field.kind in ("flag", "text", "id")
        self.tidy = dialect.name(f"raw:{column}") if self.apart else dialect.tidy(self.raw)

    def listed(self, texts: Iterable[str]) -> str:
        return ", ".join(map(self.dialect.text, texts))

    def value(self) -> str:
        """The typed value; NULL where it is missing, and where it can't be read."""
        raw, types = self.raw, self.dialect.types
        match self.field.kind, self.holds:
            case kind, "text":
                return {"number": self._number, "flag": self._flag, "date": self._day}.get(kind, self._text)()
            case "number", "integer":
                return f"CAST({raw} AS {types['DOUBLE']})"
            case "number", "wide" | "decimal":
                # By way of text, which rounds once; the direct cast divides by a power of ten and may round twice.
                return f"CAST(CAST({raw} AS {types['VARCHAR']}) AS {types['DOUBLE']})"
            case "number", "float":
                value = f"CAST({raw} AS {types['DOUBLE']})"
                return f"CASE WHEN {self.dialect.is_finite(value)} THEN {value} END"
            case "flag", "flag":
                return raw
            case "flag", "integer" | "wide" | "decimal" | "float":
                return f"CASE WHEN {raw} = 0 THEN FALSE WHEN {raw} = 1 THEN TRUE END"
            case "date", "date" | "time":
                day = self.dialect.day(raw, self.type)
                return f"CASE WHEN {day} BETWEEN {FIRST} AND {LAST} THEN {day} END"
            case (("text" | "id"), ("integer" | "wide")):
                written = f"CAST({raw} AS {types['VARCHAR']})"
                if not self.field.values:
                    return written
                cases = "".join(f" WHEN {self.dialect.text(one)} THEN {self.dialect.text(one)}" for one in self.values)
                return f"CASE {written}{cases} END"
        return f"CAST(NULL AS {types[KINDS[self.field.kind]]})"

    def bad(self) -> str:
        """Whether a value is there and can't be read; empty where that can't be."""
        unread = f"{self.typed} IS NULL AND {self.raw} IS NOT NULL"
        if self.holds == "float":
            return f"{unread} AND NOT {self.dialect.is_nan(self.raw)}"
        if self.holds != "text":
            return unread
        if self.field.kind in ("text", "id") and not self.field.values:
            return ""
        known = [*self.absent, "nan"] if self.field.kind == "number" else self.absent  # a written NaN is missing
        return f"{unread} AND {self.tidy} NOT IN ({self.listed(known)})"

    @property
    def values(self) -> list[str]:
        """The texts that the card lists, without those that mean: not known."""
        return [one for one in self.field.values if fold(one) not in self.absent]

    def _unless_absent(self, value: str, looks: Callable[[str], object]) -> str:
        """The value, but for those texts that mean "not known" and look like one."""
        risky = [one for one in self.absent if looks(one)]
        return f"CASE WHEN {self.tidy} NOT IN ({self.listed(risky)}) THEN {value} END" if risky else value

    def _number(self) -> str:
        return self._unless_absent(self.dialect.read_number(self.raw), re.compile(NUMBER_PATTERN).fullmatch)

    def _day(self) -> str:
        day = self.dialect.read_day(self.dialect.name(f"raw:{self.column}"))
        return self._unless_absent(day, re.compile("[0-9]{4}-").match)

    def _flag(self) -> str:
        said = [one for yes, no in zip(YES_TEXTS, NO_TEXTS, strict=True) for one in ((yes, "TRUE"), (no, "FALSE"))]
        cases = "".join(f" WHEN '{word}' THEN {then}" for word, then in said if word not in self.absent)
        slow = f"CASE {self.tidy}{cases or ' WHEN NULL THEN FALSE'} END"
        if self.apart:
            return slow
        return f"CASE {self.raw}{cases or ' WHEN NULL THEN FALSE'} ELSE {slow} END"

    def _text(self) -> str:
        raw, trimmed = self.raw, self.dialect.trim(self.raw)
        if self.field.values:
            if not self.values:
                return f"CAST(NULL AS {self.dialect.types['VARCHAR']})"
            cases = "".join(
                f" WHEN {self.dialect.text(fold(one))} THEN {self.dialect.text(one)}" for one in self.values
            )
            slow = f"CASE {self.tidy}{cases} END"
            if self.apart:
                return slow
            return f"CASE WHEN {raw} IN ({self.listed(self.values)}) THEN {raw} WHEN {raw} IS NOT NULL THEN {slow} END"
        slow = f"CASE WHEN {self.tidy} NOT IN ({self.listed(self.absent)}) THEN {trimmed} END"
        if self.dialect.clean is None:
            return slow
        cases = "".join(f" WHEN {one} THEN {raw}" for one in self.dialect.clean(raw, self.absent))
        return f"CASE{cases} WHEN {raw} IS NOT NULL THEN {slow} END"


def _field(field: Field, columns: list[str], dialect: Dialect) -> str:
    values = [_present(field, column, dialect) for column in columns]
    if not values:
        return f"CAST(NULL AS {dialect.types[KINDS[field.kind]]})"
    return values[0] if len(values) == 1 else f"coalesce({', '.join(values)})"


def _present(field: Field, column: str, dialect: Dialect) -> str:
    """The value of a column, or NULL where the field says that it means: not known."""
    value = dialect.name(f"v:{column}")
    if not field.missing:
        return value
    absent = ", ".join(dialect.number(one) if isinstance(one, float) else dialect.text(one) for one in field.missing)
    return f"CASE WHEN {value} NOT IN ({absent}) THEN {value} END"


def _clashes(field: Field, columns: list[str], dialect: Dialect) -> Iterator[str]:
    """Two columns of one field that hold different values."""
    for i, one in enumerate(columns):
        for other in columns[i + 1 :]:
            yield f"{_present(field, one, dialect)} <> {_present(field, other, dialect)}"
