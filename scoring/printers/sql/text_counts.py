"""What is counted of the texts of a list: the words for nothing in it, and the values that training has never seen.

Both are aggregates, so that they are counted in a query over the list that is made anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from string import ascii_letters, digits
from typing import Any

from leadledger.scoring.column_fit import find_homes
from leadledger.scoring.errors import quote
from leadledger.scoring.field import OTHER_VALUE, Field
from leadledger.scoring.printers.sql.column_aggregate import ColumnAggregate
from leadledger.scoring.printers.sql.dialects.column_types import UNKNOWN, type_family
from leadledger.scoring.printers.sql.dialects.dialect import Dialect
from leadledger.scoring.printers.sql.dialects.duckdb import DUCKDB
from leadledger.scoring.scorecard import Scorecard
from leadledger.scoring.text_forms import all_letters, key_of, letters_of

MOST_WORDS_NAMED = 5  # of a column
FetchRows = Callable[[str], Sequence[Sequence[Any]]]  # the rows of a SELECT


@dataclass(frozen=True)
class TextNotes:
    """Sentences on the texts of a list, and how many values of each field are new to the release."""

    sentences: tuple[str, ...] = ()
    unseen: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class PlainTexts:
    """Texts of which nothing is counted: some levels, and those that start with some letters and digits."""

    levels: frozenset[str] = frozenset()
    starts: str = ""

    def includes(self, text: str) -> bool:
        """Whether a text is one of them."""
        return text in self.levels or text[:1] in self._starts

    @cached_property
    def _starts(self) -> frozenset[str]:
        return frozenset(self.starts)


@dataclass(frozen=True)
class TextCounts:
    """The columns whose texts are counted: the SQL of a text that is a word for nothing, and of one that is new.

    Either is the text, or NULL where it is none. `new` has the field of a column too. `known` is the SQL that a text of
    a column in `new` is neither. `takes_histograms`: one aggregate says how often each word occurs; elsewhere a query
    of its own does, where there are any. `plain` are texts of each column that surely are neither.
    """

    words: Mapping[str, str]
    new: Mapping[str, tuple[str, str]]
    known: Mapping[str, str]
    takes_histograms: bool
    plain: Mapping[str, PlainTexts]

    @property
    def aggregates(self) -> tuple[str, ...]:
        """What to count, for `describe`."""
        return tuple(aggregate.sql for aggregate in self.list_aggregates())

    def list_aggregates(self) -> list[ColumnAggregate]:
        """The aggregates, each with its column."""
        count = "histogram" if self.takes_histograms else "count"
        return [
            *(
                ColumnAggregate(column, f"{count}({word})", f"({word}) IS NOT NULL")
                for column, word in self.words.items()
            ),
            *(
                ColumnAggregate(column, f"{measure}({text})", f"({text}) IS NOT NULL")
                for column, (_, text) in self.new.items()
                for measure in ("count", "min")
            ),
        ]

    @property
    def conditions(self) -> tuple[str, ...]:
        """One of them is true of each row in which there is something to count."""
        words = (f"({word}) IS NOT NULL" for column, word in self.words.items() if column not in self.known)
        return (*words, *(f"NOT ({known})" for known in self.known.values()))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the aggregates read."""
        return tuple(dict.fromkeys((*self.words, *self.new)))

    def describe(self, counts: Sequence[Any], source: str = "", fetch_rows: FetchRows = lambda query: ()) -> TextNotes:
        """What the aggregates have counted in `source`, a FROM item; without histograms, its words are fetched."""
        sentences = []
        for (column, word), count in zip(self.words.items(), counts, strict=False):
            if not count:
                continue
            select = f"SELECT {word} AS word, count(*) AS leads FROM {source} WHERE ({word}) IS NOT NULL GROUP BY 1"
            found = dict(count) if self.takes_histograms else {row[0]: row[1] for row in fetch_rows(select)}
            sentences += [_describe_words(column, found)] if found else []
        unseen: dict[str, int] = {}
        rest = counts[len(self.words) :]
        for i, (column, (name, _)) in enumerate(self.new.items()):
            if rest[2 * i]:
                unseen[name] = unseen.get(name, 0) + int(rest[2 * i])
                sentences.append(_describe_new(column, int(rest[2 * i]), str(rest[2 * i + 1])))
        return TextNotes(tuple(sentences), unseen)


def find_text_counts(card: Scorecard, columns: Mapping[str, str], dialect: Dialect = DUCKDB) -> TextCounts:
    """What to count in a list with these columns, by their types as DuckDB names them."""
    words, new, known, plain = {}, {}, {}, {}
    for column, home in find_homes(card.card, columns).items():
        if type_family(columns[column], home.kind) != "text" or columns[column] == UNKNOWN:
            continue
        raw = dialect.name(column)
        if dialect is not DUCKDB:
            raw = dialect.as_text(raw)
        elif columns[column] != "VARCHAR":
            raw = f"CAST({raw} AS VARCHAR)"
        usual = home.usual_absent_keys - card.card.missing_texts - home.missing_texts
        levels = frozenset(level for level in card.learned.levels.get(home.name, ()) if key_of(level) not in usual)
        if usual:
            words[column] = _print_word(usual, levels, raw, dialect)
        if home.name not in card.seen_texts:
            plain[column] = PlainTexts(starts="".join(_list_plain_starts(usual)))
        else:
            new[column] = (home.name, _print_new(card, home, raw, dialect))
            known[column] = _print_known(levels, raw, dialect)
            plain[column] = PlainTexts(levels=levels)
    return TextCounts(words, new, known, dialect is DUCKDB, plain)


def _print_word(keys: frozenset[str], levels: frozenset[str], raw: str, dialect: Dialect) -> str:
    """The SQL of a text that is one of some words; `levels` are texts that surely are none of them."""
    # Most texts start with a letter or digit that no word does, which DuckDB sees soonest; a level is seen sooner by an
    # engine that goes row by row, and finds a text in a list by its hash.
    known = [] if dialect is DUCKDB else [_print_known(levels, raw, dialect)]
    spans = _list_spans(_list_plain_starts(keys))
    starts = " OR ".join(f"({raw} >= '{first}' AND {raw} < '{after}')" for first, after in spans)
    ways = [way for way in (*known, starts, *dialect.plain(raw, keys)) if way]
    cases = "".join(f" WHEN {way} THEN NULL" for way in ways)
    key = dialect.tidy(raw, letters_of(keys))
    return f"CASE{cases} WHEN {key} IN ({_list_texts(keys, dialect)}) THEN {dialect.strip(raw)} END"


def _list_plain_starts(keys: frozenset[str]) -> list[str]:
    """The letters and digits of ASCII that no key starts with, large or small; in their order."""
    first_signs = {key[0] for key in keys} | {key[0].upper() for key in keys}
    return [sign for sign in sorted(digits + ascii_letters) if sign not in first_signs]


def _list_spans(signs: Sequence[str]) -> list[tuple[str, str]]:
    """The spans of some signs in their order, each with the sign after its last."""
    spans: list[tuple[str, str]] = []
    for sign in signs:
        after = chr(ord(sign) + 1)
        is_next = bool(spans) and spans[-1][1] == sign
        spans[-1:] = [(spans[-1][0], after)] if is_next else [*spans[-1:], (sign, after)]
    return spans


def _print_new(card: Scorecard, home: Field, raw: str, dialect: Dialect) -> str:
    """The SQL of a text that training has never seen in a field."""
    levels = frozenset(card.learned.levels[home.name])
    absent = home.find_absent_keys(card.card.missing_texts) | {""}
    key = dialect.tidy(raw, all_letters())
    text, seen, listed = (
        (dialect.trim(raw), levels, frozenset(home.values))
        if home.exact
        else (key, card.seen_texts[home.name], frozenset(map(key_of, home.values)))
    )
    cases = [_print_known(levels, raw, dialect)]
    if home.values and (home.other != "yes" or OTHER_VALUE in levels):  # no other text is a value of its own
        cases.append(f"{text} NOT IN ({_list_texts((listed - seen) | {''}, dialect)})")
    else:
        cases.append(f"{text} IN ({_list_texts(seen, dialect)})")
    cases.append(f"{key} IN ({_list_texts(absent, dialect)})")
    return f"CASE{''.join(f' WHEN {case} THEN NULL' for case in cases)} ELSE {dialect.strip(raw)} END"


def _print_known(levels: frozenset[str], raw: str, dialect: Dialect) -> str:
    """Whether there is no text, or one that is spelt as one of some levels."""
    return f"{raw} IS NULL OR {raw} IN ({_list_texts(levels, dialect)})" if levels else f"{raw} IS NULL"


def _list_texts(texts: frozenset[str], dialect: Dialect) -> str:
    return ", ".join(map(dialect.text, sorted(texts)))


def _describe_words(column: str, found: Mapping[str, int]) -> str:
    """The words for nothing of a column, the most frequent first."""
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    total = sum(found.values())
    parts = [f"{count:,} {quote(word)}" for word, count in ordered]
    first, *others = parts
    parts = [first.replace(" ", f" {'value' if ordered[0][1] == 1 else 'values'} ", 1), *others]
    if len(parts) > MOST_WORDS_NAMED:
        rest = sum(count for _, count in ordered[MOST_WORDS_NAMED:])
        parts = [*parts[:MOST_WORDS_NAMED], f"{rest:,} other{'' if rest == 1 else 's'}"]
    listed = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    return f"Column {quote(column)}: {listed} {'is' if total == 1 else 'are'} read as not known."


def _describe_new(column: str, count: int, example: str) -> str:
    values = "value is" if count == 1 else "values are"
    return f"Column {quote(column)}: {count:,} {values} new to the release, such as {quote(example)}."
