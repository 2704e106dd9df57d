"""The SQL printer's first steps: raw columns to typed fields, by the rules of `scoring/cleaning.py`.

A column of texts is trimmed, looked up among the texts that mean "not known", and read by its field's kind; a column
that has a type already is taken as it is where the kinds agree. What can't be read turns `bad`, and its reason is left
to Python, which cleans the few bad rows once more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import combinations

from leadledger.scoring.column_fit import find_columns
from leadledger.scoring.day_forms import is_day
from leadledger.scoring.errors import PrinterError, UnreadableValue
from leadledger.scoring.field import OTHER_VALUE, Field
from leadledger.scoring.flag_forms import NO_TEXTS, YES_TEXTS
from leadledger.scoring.lead_ids import LONGEST_ID
from leadledger.scoring.number_forms import ANY_FORMAT, LONGEST_NUMBER, MOST_EXACT, NumberForm, make_number_reader
from leadledger.scoring.printers.sql.choice_cleaning import ChoiceColumn
from leadledger.scoring.printers.sql.days import (
    day_steps,
    read_typed_day,
    read_written_day,
    takes_numbers,
    write_whole_number,
)
from leadledger.scoring.printers.sql.dialects.column_types import type_family
from leadledger.scoring.printers.sql.dialects.dialect import Dialect
from leadledger.scoring.printers.sql.expression import Expression, StepColumn, column_reader, join, spell, write
from leadledger.scoring.printers.sql.path_columns import add_path_columns, list_broken_marks, path_steps
from leadledger.scoring.printers.sql.query import BAD
from leadledger.scoring.printers.sql.steps import Step
from leadledger.scoring.scorecard import Card
from leadledger.scoring.text_forms import all_letters, key_of, letters_of

# The SQL type, as DuckDB names it, of a typed column of a field.
TYPE_OF_KIND = {
    **{"number": "DOUBLE", "text": "VARCHAR", "id": "VARCHAR", "flag": "BOOLEAN", "date": "DATE"},
    "choices": "VARCHAR",
}

_NUMBERS = ("integer", "wide", "decimal", "float", "real")  # the families of numbers


def cleaning_steps(
    card: Card,
    columns: Mapping[str, str],
    dialect: Dialect,
    raw: Callable[[str], Expression],
    more_doubts: Sequence[Expression] = (),
) -> Iterator[Step]:
    """The steps from raw columns to `f:…` for each field, and `ll:bad`.

    `raw` gives the raw values of a column; `more_doubts` are true where something else can't be read.
    """
    yield from path_steps(card, columns, dialect, raw)
    broken = list_broken_marks(card, columns)
    followed = {path.name for path in card.column_paths.find(columns)}
    columns = add_path_columns(card, columns)
    by_field = find_columns(card, columns)
    read = column_reader(dialect.name)
    taken, cells = [], []
    for field in card.plain_fields:
        for column in by_field[field.name]:
            value, kind = read(column) if column in followed else raw(column), columns[column]
            if not type_family(kind, field.kind):
                raise PrinterError(f"column '{column}' has the type {kind}, which holds no single value")
            sql, read_as = dialect.take_column(value.sql, kind, field.kind)
            if sql != value.sql:
                taken.append(StepColumn(f"in:{column}", Expression(sql, value.reads)))
                value = read(f"in:{column}")
            cells.append(_RawColumn(card, field, column, read_as, value, dialect, read))
    yield Step("taken", "texts in no collation, and columns whose type is not known as texts", taken)
    trimmed = [
        StepColumn(f"raw:{cell.column}", spell(_trim_longer(dialect), cell.raw)) for cell in cells if cell.is_day_text
    ]
    trimmed += [
        StepColumn(f"odd:{cell.column}", cell.odd_number())
        for cell in cells
        if cell.holds == "text" and cell.field.kind == "number"
    ]
    choices = [cell.choices for cell in cells if cell.choices is not None]
    trimmed += [column for cell in choices for column in cell.trimmed()]
    why = "texts of days, choices, and numbers that aren't written plainly, without white space at the ends"
    yield Step("trimmed", why, trimmed)
    yield Step("opened", "choices as texts, also those that come as lists", [cell.opened() for cell in choices])
    yield Step("split", "choices in lower case, each between two separators", [cell.keyed() for cell in choices])
    day_fields = {cell.column: cell.field for cell in cells if cell.is_day_text}
    yield from day_steps(day_fields, dialect, read)
    tidied = [StepColumn(f"raw:{cell.column}", cell.tidied()) for cell in cells if cell.tidied_first]
    yield Step("tidied", "the keys of texts, by which they are compared; NULL: a text stays as it is", tidied)
    typed = [StepColumn(f"v:{cell.column}", cell.value()) for cell in cells]
    yield Step("typed", "each value in the kind of its field, or NULL", typed)
    fields = [
        StepColumn(f"f:{field.name}", _field_value(field, by_field[field.name], dialect, read))
        for field in card.plain_fields
    ]
    # As a CASE, since an AND works out all its parts for every row.
    marks = [
        StepColumn(f"bad:{cell.column}", write("CASE WHEN {} THEN TRUE END", unreadable))
        for cell in cells
        if (unreadable := cell.unreadable()) is not None
    ]
    yield Step("cleaned", "the fields, and whether a value is there that can't be read", [*fields, *marks])
    doubts = [read(f"bad:{column}") for column in broken] + [read(mark.name) for mark in marks]
    doubts += [clash for field in card.plain_fields for clash in _clashes(field, by_field[field.name], dialect, read)]
    doubts += more_doubts
    cases = join(" ", [write("WHEN {} THEN TRUE", doubt) for doubt in doubts])
    bad = write("CASE {} ELSE FALSE END", cases) if doubts else Expression("FALSE")
    yield Step("judged", "whether a score would rest on a value that can't be read", [StepColumn(BAD, bad)])


def find_doubtful(card: Card, columns: Mapping[str, str], dialect: Dialect) -> list[str]:
    """The columns that may hold a value that can't be read; a column `bad:…` is true of the rows where one does."""
    read = column_reader(dialect.name)
    broken = list_broken_marks(card, columns)
    columns = add_path_columns(card, columns)
    return broken + [
        column
        for field, names in zip(card.plain_fields, find_columns(card, columns).values(), strict=True)
        for column in names
        if _RawColumn(card, field, column, columns[column], read(column), dialect, read).unreadable() is not None
    ]


class _RawColumn:
    """The SQL of one raw column that holds a field.

    A text is first checked for the forms in which most values come, as they are; only what is none of these is folded
    to its key, which costs ten times as much.
    """

    def __init__(
        self,
        card: Card,
        field: Field,
        column: str,
        kind: str,
        raw: Expression,
        dialect: Dialect,
        read: Callable[[str], Expression],
    ) -> None:
        self.field = field
        self.column = column
        self.type = kind
        self.dialect = dialect
        self.holds = type_family(kind, field.kind)
        self.raw = raw
        if field.kind == "date" and self.holds in _NUMBERS and takes_numbers(field):
            self.raw, self.holds = write_whole_number(raw, self.holds, dialect), "text"
        self.is_day_text = self.holds == "text" and field.kind == "date"
        self.read = read
        self.absent = sorted(field.find_absent_keys(card.missing_texts) | {""})  # the keys that mean: not known
        self.spellings = field.find_spellings(self.absent)
        # What is its own of a field with several choices.
        self.choices = None
        if field.kind == "choices":
            whole = self._whole_number() if self.holds in _NUMBERS else None
            declared = sorted(card.missing_texts | field.missing_texts | {""})
            self.choices = ChoiceColumn(field, column, self.holds, raw, whole, declared, self.absent, dialect, read)
        # Texts and flags are folded in a step of their own: each branch of a CASE would fold them again.
        self.tidied_first = self.holds == "text" and field.kind in ("flag", "text", "id")
        self.key = read(f"raw:{column}") if self.tidied_first else self._fold_to_key()

    def _fold_to_key(self) -> Expression:
        """The key of the raw text, as far as it takes to find those that mean something."""
        words: tuple[str, ...] = (*YES_TEXTS, *NO_TEXTS) if self.field.kind == "flag" else ()
        if self.field.kind == "number":
            words = _number_words(self.field)
        return spell(self.dialect.tidy, self.raw, letters_of(frozenset((*self.absent, *self.spellings, *words))))

    def tidied(self) -> Expression:
        """The key of a text; NULL where it stays as it is, being spelt as it should be or meaning nothing."""
        key, raw = self._fold_to_key(), self.raw
        if self.field.kind == "flag":
            if self.dialect.tidies_first:
                return key
            words = self._listed([*YES_TEXTS, *NO_TEXTS])
            return write("CASE WHEN {} IN ({}) THEN NULL WHEN {} IS NOT NULL THEN {} END", raw, words, raw, key)
        ways = [f"{raw.sql} IN ({self._listed(self.spellings.values())})"] if self.spellings else []
        if not self.field.values:
            ways += self.dialect.plain(raw.sql, frozenset((*self.absent, *self.spellings)))
        cases = "".join(f" WHEN {way} THEN NULL" for way in ways)
        return write("CASE{} WHEN {} IS NOT NULL THEN {} END", Expression(cases, raw.reads), raw, key)

    def value(self) -> Expression:
        """The typed value; NULL where it is missing, and where it can't be read."""
        raw, types = self.raw, self.dialect.types
        if self.choices is not None:
            return self.choices.value(list(self.spellings.values()))
        match self.field.kind, self.holds:
            case kind, "text":
                return {"number": self._number, "flag": self._flag, "date": self._day}.get(kind, self._text)()
            case "number", "integer":
                return write("CAST({} AS {})", raw, types["DOUBLE"])
            case "number", "wide" | "decimal":
                # By way of text, which rounds once; the direct cast divides by a power of ten and may round twice.
                return write("CAST(CAST({} AS {}) AS {})", raw, types["VARCHAR"], types["DOUBLE"])
            case "number", "float" | "real":
                # A real by way of text too: what is written 10.1 is 10.1, and not the nearest number of four bytes.
                raw = write("CAST({} AS {})", raw, types["VARCHAR"]) if self.holds == "real" else raw
                value = write("CAST({} AS {})", raw, types["DOUBLE"])
                return write("CASE WHEN {} THEN {} END", spell(self.dialect.is_finite, value), value)
            case "flag", "flag":
                return raw
            case "flag", "integer" | "wide" | "decimal" | "float" | "real":
                return write("CASE WHEN {} = 0 THEN FALSE WHEN {} = 1 THEN TRUE END", raw, raw)
            case "date", "date" | "time" | "instant":
                return read_typed_day(raw, self.type, self.field, self.dialect)
            case (("text" | "id"), ("integer" | "wide" | "decimal" | "float" | "real")):
                text = self._whole_number()
                risky = [key for key in self.absent if re.fullmatch("-?[0-9]+", key)]
                if self.field.values:
                    listed = [self.dialect.text(value) for value in self.field.values if value not in risky]
                    cases = "".join(f" WHEN {value} THEN {value}" for value in listed) or " WHEN NULL THEN NULL"
                    return write("CASE {}{}{} END", text, cases, self._other(text))
                return write("CASE WHEN {} NOT IN ({}) THEN {} END", text, self._listed(risky), text) if risky else text
        return Expression(f"CAST(NULL AS {types[TYPE_OF_KIND[self.field.kind]]})")

    def unreadable(self) -> Expression | None:
        """Whether a value is there that can't be read; None where that can't be."""
        typed = self.read(f"v:{self.column}")
        if self.choices is not None:
            return self.choices.unreadable(typed)
        if self.field.other and self.holds == "text":
            return None
        if self.field.other and self.holds in _NUMBERS:  # what isn't listed is missing, or another value
            typed = self._whole_number()
        untyped = write("{} IS NULL AND {} IS NOT NULL", typed, self.raw)
        if self.holds in ("float", "real"):
            return write("{} AND NOT {}", untyped, spell(self.dialect.is_nan, self.raw))
        if self.holds != "text":
            return untyped
        if self.field.kind == "id":
            return write("length({}) > {}", typed, Expression(str(LONGEST_ID)))
        if self.field.kind == "text" and not self.field.values:
            return None
        if self.field.kind == "number":
            return write("{} AND {}", untyped, self._is_no_number())
        return write("{} AND {} NOT IN ({})", untyped, self.key, self._listed(self.absent))

    def _is_no_number(self) -> Expression:
        """Whether a text that gave no number means something; folding it once more would cost ten times as much."""
        odd = self.read(f"odd:{self.column}")
        # Where a text has no digit, every engine finds it odd.
        plain = [text for text in self.absent if any(sign.isdigit() for sign in text)]
        said = write("{} NOT IN ({})", self.key, self._listed(plain)) if plain else Expression("TRUE")
        absent = self._listed([*self.absent, "nan"])  # a written NaN is missing
        whole = self.key if (self.field.number_format or ANY_FORMAT).is_wrapped else odd
        return write("CASE WHEN {} IS NULL THEN {} ELSE {} NOT IN ({}) END", odd, said, whole, absent)

    def _listed(self, texts: Iterable[str]) -> str:
        return ", ".join(map(self.dialect.text, texts))

    def _unless_absent(self, value: Expression, looks: Callable[[str], object]) -> Expression:
        """The value, but for those texts that mean "not known" and look like one."""
        risky = [text for text in self.absent if looks(text)]
        if not risky:
            return value
        return write("CASE WHEN {} NOT IN ({}) THEN {} END", self.key, self._listed(risky), value)

    def _whole_number(self) -> Expression:
        """The text of a whole number: of an id, or a postcode; NULL where there is something behind its point."""
        raw, varchar = self.raw, self.dialect.types["VARCHAR"]
        if self.holds in ("integer", "wide"):
            return write("CAST({} AS {})", raw, varchar)
        if self.holds == "decimal":
            return write("CASE WHEN {} = floor({}) THEN CAST(floor({}) AS {}) END", raw, raw, raw, varchar)
        whole = write("abs({}) < {} AND {} = floor({})", raw, self.dialect.number(MOST_EXACT), raw, raw)
        return write("CASE WHEN {} THEN CAST(CAST({} AS BIGINT) AS {}) END", whole, raw, varchar)

    def odd_number(self) -> Expression:
        """A text that isn't in the plain form of a number, trimmed, folded and without what its format allows; NULL
        where it is in that form.
        """
        text = unwrap_number(self.field, self.key, self.dialect)
        return write("CASE WHEN NOT ({}) THEN {} END", spell(self.dialect.is_plain_number, self.raw), text)

    def _number(self) -> Expression:
        """The double of a text: most are in the plain form, the others in one of few."""
        odd, form = self.read(f"odd:{self.column}"), self.field.number_format or ANY_FORMAT
        value = write(
            "CASE WHEN {} IS NULL THEN {} WHEN length({}) > {} THEN NULL{} END",
            *(odd, spell(self.dialect.to_double, self.raw), odd, LONGEST_NUMBER),
            join("", [self._written_in(form, odd) for form in form.forms]),
        )
        return self._unless_absent(value, self._is_number)

    def _is_number(self, text: str) -> bool:
        """Whether a text is, or writes, a number for this field."""
        try:
            return make_number_reader(self.field.number_format)(text) is not None
        except UnreadableValue:
            return False

    def _written_in(self, form: NumberForm, odd: Expression) -> Expression:
        """The branch of a CASE for the texts of one form."""
        signs, instead = map(self.dialect.text, form.translation)
        plain = write("translate({}, {}, {})", odd, signs, instead)
        number = spell(self.dialect.cast_number, plain)
        return write(" WHEN {} THEN {}", spell(self.dialect.matches, odd, form.pattern), number)

    def _day(self) -> Expression:
        day = read_written_day(self.column, self.field, self.dialect, self.read)
        return self._unless_absent(day, lambda text: is_day(text, self.field.day_format))

    def _flag(self) -> Expression:
        words = [pair for yes, no in zip(YES_TEXTS, NO_TEXTS, strict=True) for pair in ((yes, "TRUE"), (no, "FALSE"))]
        cases = "".join(f" WHEN '{word}' THEN {flag}" for word, flag in words if word not in self.absent)
        cases = cases or " WHEN NULL THEN FALSE"
        slow = write("CASE {}{} END", self.key, cases)
        return slow if self.dialect.tidies_first else write("CASE {}{} ELSE {} END", self.raw, cases, slow)

    def _text(self) -> Expression:
        """A text: as it is, or in the spelling of its key, or without what is at its ends."""
        text, raw, key = self.dialect.text, self.raw, self.key
        cases = "".join(f" WHEN {text(key)} THEN {text(spelling)}" for key, spelling in self.spellings.items())
        end = self._other(key)
        if self.field.exact:
            trimmed = spell(self.dialect.trim, raw)
            known = [value for value in self.field.values if key_of(value) not in self.absent]
            if known:
                listed = "".join(f" WHEN {text(value)} THEN {text(value)}" for value in known)
                end = write(" ELSE CASE {}{}{} END", trimmed, listed, end)
            elif not self.field.values:
                end = write(" ELSE CASE WHEN {} NOT IN ({}) THEN {} END", key, self._listed(self.absent), trimmed)
        elif not self.field.values:
            stripped = spell(self.dialect.strip, raw)
            end = write(" ELSE CASE WHEN {} NOT IN ({}) THEN {} END", key, self._listed(self.absent), stripped)
        changed = write("CASE {}{}{} END", key, cases or " WHEN NULL THEN NULL", end)
        return write("CASE WHEN {} IS NULL THEN {} ELSE {} END", key, raw, changed)

    def _other(self, tidy: Expression) -> Expression:
        """The end of a CASE over the texts that the card lists."""
        if self.field.other != "yes":
            return Expression("")
        absent, other = self._listed(self.absent), self.dialect.text(OTHER_VALUE)
        return write(" ELSE CASE WHEN {} NOT IN ({}) THEN {} END", tidy, absent, other)


def _number_words(field: Field) -> tuple[str, ...]:
    """What may stand beside the digits of a number."""
    return ("e", "k", (field.number_format or ANY_FORMAT).unit)


def fold_number(field: Field, raw: Expression, dialect: Dialect) -> Expression:
    """A raw text of a number, trimmed, folded and without what its format allows beside the digits."""
    return unwrap_number(field, spell(dialect.tidy, raw, letters_of(frozenset(_number_words(field)))), dialect)


def unwrap_number(field: Field, text: Expression, dialect: Dialect) -> Expression:
    """A trimmed, folded text of a number without what its format allows beside the digits."""
    form = field.number_format or ANY_FORMAT
    if not form.is_wrapped:
        return text
    bare = text
    for sign, instead in form.replacements:
        bare = write("replace({}, {}, {})", bare, dialect.text(sign), dialect.text(instead))
    return write("CASE WHEN {} THEN {} ELSE {} END", spell(dialect.matches, text, form.wrapper), bare, text)


def _trim_longer(dialect: Dialect) -> Callable[[str], str]:
    """A text of a day, trimmed only where it is no bare day."""
    return lambda raw: f"CASE WHEN length({raw}) = 10 THEN {raw} ELSE {dialect.trim(raw)} END"


def _field_value(
    field: Field, columns: Sequence[str], dialect: Dialect, read: Callable[[str], Expression]
) -> Expression:
    values = [_present(field, column, dialect, read) for column in columns]
    if not values:
        return Expression(f"CAST(NULL AS {dialect.types[TYPE_OF_KIND[field.kind]]})")
    return values[0] if len(values) == 1 else write("coalesce({})", join(", ", values))


def _present(field: Field, column: str, dialect: Dialect, read: Callable[[str], Expression]) -> Expression:
    """The value of a column, or NULL where the field says that it means: not known."""
    value = read(f"v:{column}")
    if not field.missing or field.kind == "choices":
        return value
    absent = ", ".join(
        dialect.number(missing)
        if isinstance(missing, float)
        else dialect.date(missing.isoformat())
        if isinstance(missing, date)
        else dialect.text(missing)
        for missing in field.missing
    )
    return write("CASE WHEN {} NOT IN ({}) THEN {} END", value, absent, value)


def _clashes(
    field: Field, columns: Sequence[str], dialect: Dialect, read: Callable[[str], Expression]
) -> Iterator[Expression]:
    """Where two columns of one field hold different values."""
    values = [_present(field, column, dialect, read) for column in columns]
    for first, second in combinations(values, 2):
        if field.kind != "text" or field.exact:
            yield write("{} <> {}", first, second)
        else:
            keys = (spell(dialect.fold, value, all_letters()) for value in (first, second))
            yield write("CASE WHEN {} <> {} THEN {} <> {} END", first, second, *keys)
