"""What a dialect of SQL spells in its own way: the base that most engines read, and the places where they differ.

Each dialect is a file beside this one, which builds one `Dialect`: it states what differs from the defaults here, and
what no two engines spell alike. `by_name.py` lists them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from leadledger.scoring.errors import PrinterError, did_you_mean
from leadledger.scoring.number_forms import AMBIGUOUS_PATTERN
from leadledger.scoring.printers.sql.dialects.column_types import (
    FAMILIES,
    ITEM_FAMILIES,
    LIST_OF_TEXTS,
    OBJECT,
    UNKNOWN,
    bare_type,
    find_family,
    list_item_type,
    type_family,
)
from leadledger.scoring.printers.sql.dialects.literals import number_literal, quoted, text_expression
from leadledger.scoring.text_forms import Letters

_BELOW_ALL_POINTS = -9_999_999_999


def most(values: Sequence[str]) -> str:
    """The greatest of some points that is not NULL, where greatest() leaves NULL out."""
    return f"greatest({', '.join(values)})" if len(values) > 1 else values[0]


def most_known(values: Sequence[str]) -> str:
    """The greatest of some points that is not NULL, where greatest() is NULL as soon as one value is."""
    if len(values) == 1:
        return values[0]
    known = ", ".join(f"coalesce({value}, {_BELOW_ALL_POINTS})" for value in values)
    return f"nullif(greatest({known}), {_BELOW_ALL_POINTS})"


@dataclass(frozen=True)
class Dialect:
    """How one engine spells SQL. Each function takes SQL and gives SQL, but for `name`, `text` and `number`.

    Without a default, since no two engines agree:
    `fold` does what `text_forms.fold` does, as far as `Letters` say that it matters; `trim` takes white space (ASCII)
    from both ends, and `strip` also other blanks and invisible signs. `search` is `contains`,
    `starts_with` or `ends_with` over two texts. `days_between(end, start)` is a double. `element(items, at)` is an item
    of a list by its position from 0. `integer_division` is of whole numbers, neither of them negative. `matches(text,
    pattern)` is whether a pattern matches the whole of a text; `rewrite(text, pattern, template)` is the template then,
    with `{1}` for the first group, else the text. `is_plain_number` is whether a raw text has the
    plain form of a number, white space around it or not; `to_double` is the double of such a text, NULL where it is not
    finite; `cast_number` is the double of a text that surely is a finite number. `plain_day` is the day
    of a text like 2026-01-31, or NULL. `add_days(day, days)` stays between the years 1 and 9999. `local_day(day,
    minutes, zone)` is the day in a zone some minutes after the start of a day in UTC. `is_finite` tells a double from
    NaN and the infinities. `json_items` and `list_items` give the items of a text that is a JSON list (NULL for any
    other text) and of a column of lists, joined by ITEM_END. `replace_pattern(value, pattern, replacement)` replaces
    all that a pattern matches. `sort_parts` sorts the parts of a text between separators by their code points, each
    once. `json_of` is the JSON of a column of objects, `is_json` whether a text is JSON.
    `json_member(json, members, exact)` is the text of a member of a member of a JSON text; `exact`: of a number with a
    point, with one more 0, since a text of three decimals can be two numbers.

    With a default that most engines share:
    `label` is what people call the engine, and `families` are its own names of types, by what a column of them holds.
    `as_text` is the text of a column of any type, in no collation; `holds_numbers` is whether a column has a type of
    numbers with decimals. `types` has the engine's name of DOUBLE, VARCHAR, BOOLEAN, DATE, INTEGER and BIGINT. `name`,
    `text`, `number` and `date` spell an identifier and literals. `exp` is used for no more than 0, but may be worked
    out before that is known. `md5` is the digest of a text in UTF-8: 32 hexadecimal digits in no collation. `most` is
    the greatest of some points that is not NULL. `day(raw, type, zone)` is the day of a column of days or times; of an
    instant, the day in a zone. A table's name has at most `table_parts` parts.

    What an engine may have of its own; None, "", 0 or False: it hasn't.
    `plain` lists cheap ways to ask whether a text surely has nothing to strip, and none of some keys. `barrier` ends a
    step, so that the engine doesn't merge it into the one that reads it. `prunes`: columns that nobody reads cost
    nothing. `tidies_first`: flags too are tidied in a step of their own. `note` stands in the first line,
    `untyped_note` in the next where the
    type of a number or a day isn't known. `exact_name` spells an identifier letter by letter, where `name` doesn't; two
    names with the same `name_key` are one column. A step has at most `most_columns`.

    Types: `homonyms` are those of DuckDB whose name means another type here, with the name for it; `ambiguous` are
    names that mean one type or another, with what to write instead. `day_as_text` is the text of a day or a time in a
    column of an unknown type. `numbers_as_text`: decimals become numbers by way of their texts.
    """

    fold: Callable[[str, Letters], str]
    trim: Callable[[str], str]
    strip: Callable[[str], str]
    search: Callable[[str, str, str], str]
    days_between: Callable[[str, str], str]
    element: Callable[[Sequence[object], str], str]
    integer_division: Callable[[str, int], str]
    matches: Callable[[str, str], str]
    is_plain_number: Callable[[str], str]
    to_double: Callable[[str], str]
    cast_number: Callable[[str], str]
    rewrite: Callable[[str, str, str], str]
    plain_day: Callable[[str], str]
    add_days: Callable[[str, str], str]
    local_day: Callable[[str, str, str], str]
    is_finite: Callable[[str], str]
    json_items: Callable[[str], str]
    list_items: Callable[[str], str]
    replace_pattern: Callable[[str, str, str], str]
    sort_parts: Callable[[str, str], str]
    json_of: Callable[[str], str]
    is_json: Callable[[str], str]
    json_member: Callable[[str, Sequence[str], bool], str]
    label: str = "DuckDB"
    families: Mapping[str, Sequence[str]] = field(default_factory=lambda: FAMILIES)
    holds_numbers: Callable[[str], str] = "regexp_full_match(typeof({}), 'FLOAT|DOUBLE|DECIMAL.*')".format
    as_text: Callable[[str], str] = "CAST({} AS VARCHAR) COLLATE c".format
    types: Mapping[str, str] = field(
        default_factory=lambda: {name: name for name in ("DOUBLE", "VARCHAR", "BOOLEAN", "DATE", "INTEGER", "BIGINT")}
    )
    name: Callable[[str], str] = quoted
    text: Callable[[str], str] = text_expression
    number: Callable[[float], str] = number_literal
    is_nan: Callable[[str], str] = "isnan({})".format
    exp: Callable[[str], str] = "exp({})".format
    md5: Callable[[str], str] = "md5({})".format
    multiply: Callable[[str, str], str] = "{} * {}".format
    most: Callable[[Sequence[str]], str] = most
    day: Callable[[str, str, str], str] = lambda raw, kind, zone: f"CAST({raw} AS DATE)"
    date: Callable[[str], str] = "DATE '{}'".format
    table_parts: int = 2
    plain: Callable[[str, frozenset[str]], Sequence[str]] = lambda value, keys: ()
    barrier: str = ""
    prunes: bool = True
    tidies_first: bool = False
    note: str = ""
    exact_name: Callable[[str], str] | None = None
    homonyms: Mapping[str, str] = field(default_factory=dict)
    name_key: Callable[[str], str] = str.lower
    most_columns: int = 0
    untyped_note: str = ""
    ambiguous: Mapping[str, str] = field(default_factory=dict)
    day_as_text: Callable[[str], str] | None = None
    numbers_as_text: bool = False

    def tidy(self, value: str, letters: Letters) -> str:
        """The key of a text, as far as it takes to find some keys."""
        return self.trim(self.fold(value, letters))

    @property
    def first_day(self) -> str:
        """The first day that a field can hold."""
        return self.date("0001-01-01")

    @property
    def last_day(self) -> str:
        """The last day that a field can hold."""
        return self.date("9999-12-31")

    def family_of(self, kind: str) -> str:
        """What a column of a type holds, by the engine's own names or DuckDB's; empty: nothing that a field has."""
        return find_family(self.families, kind) or type_family(kind)

    def is_list(self, kind: str) -> bool:
        """Whether a type, by the engine's own name, is one of lists of texts or of whole numbers."""
        items = list_item_type(kind)
        return bool(items) and self.family_of(items) in ITEM_FAMILIES

    def known_type(self, column: str, kind: str, field_kind: str) -> str:
        """The type of a table's column as the printer calls it. Raises PrinterError where it holds no single value.

        A field of choices may have a list.
        """
        if field_kind == "choices" and self.is_list(kind):
            return LIST_OF_TEXTS
        family = self.family_of(kind)
        if not family:
            raise PrinterError(f"column '{column}' has the type {kind}, which holds no single value")
        return FAMILIES[family][0]

    def read_type(self, column: str, kind: str | None) -> str:
        """The type of a column by the name that the printer knows. Raises PrinterError for a name that is none."""
        if not kind:
            return UNKNOWN
        if self.is_list(kind):
            return LIST_OF_TEXTS
        bare = bare_type(kind)
        if bare in self.ambiguous:
            raise PrinterError(f"column '{column}' has the type {kind}, {self.ambiguous[bare]}")
        family = find_family(self.families, kind)
        if family:
            return FAMILIES[family][0]
        if type_family(kind):
            return kind.upper()
        known = [name for names in self.families.values() for name in names if name.isprintable()]
        hint = did_you_mean(bare, known)
        raise PrinterError(
            f"column '{column}' has the type {kind}, which is none that is read in {self.label}; write one of"
            f" {', '.join(known)}.{hint if 'Did you mean' in hint else ''}"
        )

    def read_object_type(self, kind: str | None) -> str:
        """The type of a column that holds objects: a text's, or that of something that becomes JSON."""
        return "VARCHAR" if not kind or self.family_of(kind) == "text" else OBJECT

    def take_column(self, raw: str, kind: str, field_kind: str) -> tuple[str, str]:
        """The SQL of a raw column, as it is cleaned for a field of a kind, and the type that it then has.

        Texts are in no collation, by which `a` and `A` may be equal; a column of an unknown type becomes its text.
        """
        family = type_family(kind)
        if kind == UNKNOWN and field_kind == "date" and self.day_as_text:
            return self.day_as_text(raw), "VARCHAR"
        if kind == UNKNOWN and field_kind == "number":
            return self._number_as_text(raw, surely=False), "VARCHAR"
        if family == "text":
            return self.as_text(raw), "VARCHAR"
        if family in ("wide", "decimal") and field_kind == "number" and self.numbers_as_text:
            return self._number_as_text(raw, surely=True), "VARCHAR"
        return raw, kind

    def _number_as_text(self, raw: str, surely: bool) -> str:
        """The text of a column of numbers, with a fourth decimal, since one of three can be two numbers.

        `surely`: the column holds numbers; else the engine tells.
        """
        text = self.as_text(raw)
        typed = "" if surely else f"{self.holds_numbers(raw)} AND "
        return f"CASE WHEN {typed}{self.matches(text, AMBIGUOUS_PATTERN)} THEN {text} || '0' ELSE {text} END"


def class_of(ranges: Iterable[tuple[int, int]], escape: str) -> str:
    """Some signs in brackets, for a pattern in which `escape` writes a sign by its number."""
    parts = (escape.format(first) + (f"-{escape.format(last)}" if last > first else "") for first, last in ranges)
    return f"[{''.join(parts)}]"
