"""The column of a history that tells what became of each lead, in any of the forms that a card may name.

A day, yes and no, words (`is: ['Closed Won']`), or any value (`is: there`). Words and values are read as texts,
whatever the type of the column. What can't be read as the card says stops training: an outcome is not unreadable by
chance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import duckdb
import pandas as pd

from leadledger.scoring.errors import DataError, did_you_mean, quote
from leadledger.scoring.field import Field
from leadledger.scoring.outcome import Outcome
from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.scoring.scorecard import Card
from leadledger.scoring.text_forms import key_of
from leadledger.scoring.tree import Kind
from leadledger.training.intervals import lower_limit
from leadledger.training.sources.table import LeadTable

OUTCOME_TEXT = "the outcome as a text"  # a column that is added; no file has it by chance
MOST_WORDS = 12  # of the column that a message names
WON_PARTS = ("won", "convert", "customer", "gewonnen", "vunnet", "gagn", "ganad", "opportunity", "qualified")
LOST_PARTS = ("lost", "disqualif", "unqualif", "dead", "junk", "verloren", "tapt", "perdu", "perdid", "reject")
UNDATED_SHARE = 0.05  # of the winners: without so many, the rate is another one
FEWEST_UNDATED = 10  # winners without a day, below which nothing is stopped
MOST_TIMES = 0.5  # share of the values of a column from which on it holds times
_FLOATS = ("FLOAT", "DOUBLE")


def with_outcome(card: Card, outcome: Outcome) -> tuple[Card, str]:
    """The card with the outcome as one more field, so that it is cleaned like all others, and the field's name."""
    name = "outcome"
    while name in card.fields or name_day(name) in card.fields:
        name += "_"
    kind: Kind = "date" if outcome.kind == "date" else "flag" if outcome.kind == "flag" else "text"
    added = {name: Field(name, kind, sources=(("", outcome.column),), time_zone=card.time_zone)}
    if outcome.day:
        day = name_day(name)
        added[day] = Field(day, "date", sources=(("", outcome.day),), time_zone=card.time_zone)
    return replace(card, fields={**card.fields, **added}), name


def name_day(name: str) -> str:
    """The name of the field with the day of the outcome, beside that of the outcome."""
    return f"{name}_day"


@dataclass(frozen=True)
class OutcomeDays:
    """When each lead became one (n,), whole days since 1970, NA where it didn't; and which rows (n,) don't say.

    `sentence` is on the winners without a day, empty where each has one; `doubtful`: so many that the rate is another.
    """

    became: pd.Series
    unsaid: pd.Series
    sentence: str
    doubtful: bool


def join_days(outcome: Outcome, decided: pd.Series, days: pd.Series) -> OutcomeDays:
    """Join whether leads became one, `decided` (n,) yes, no or NA, with the days (n,) of the column `outcome.day`.

    The day of a lead that is lost or open is that of its loss, or one that somebody expects: it counts for nothing.
    Beside words for lost, any other word is that of an open lead; else a lead without a value says nothing.
    """
    won = decided.fillna(False).astype(bool)
    undated = won & days.isna()
    unsaid = undated if outcome.lost else undated | decided.isna()
    count, of = int(undated.sum()), int(won.sum())
    if not count:
        return OutcomeDays(days.where(won), unsaid, "", False)
    doubtful = count >= FEWEST_UNDATED and lower_limit(count, of, 0.95) >= UNDATED_SHARE
    cure = " Mend the days, or name another column." if doubtful else ""
    sentence = (
        f"{count:,} of {of:,} leads that became opportunities ({count / of:.1%}) have no day in '{outcome.day}', so"
        f" nobody can tell whether they did within {outcome.within} days; they are left out.{cure}"
    )
    return OutcomeDays(days.where(won), unsaid, sentence, doubtful)


def keep_as_text(
    connection: duckdb.DuckDBPyConnection, card: Card, name: str, outcome: Outcome, source: LeadTable
) -> tuple[Card, LeadTable]:
    """The card with its outcome, the field `name`, read from a further column that holds it as text; and the table."""
    column = quoted(outcome.column)
    text = f"CAST({column} AS VARCHAR)"
    if source.columns[outcome.column] in _FLOATS:  # the numbers of a data frame with gaps: 3, not 3.0
        whole = f"{column} = floor({column}) AND abs({column}) < 1e15"
        text = (
            f"CASE WHEN isnan({column}) THEN NULL WHEN {whole} THEN CAST(CAST({column} AS BIGINT) AS VARCHAR)"
            f" ELSE {text} END"
        )
    connection.execute(f"ALTER TABLE {source.table} ADD COLUMN {quoted(OUTCOME_TEXT)} VARCHAR")
    connection.execute(f"UPDATE {source.table} SET {quoted(OUTCOME_TEXT)} = {text}")
    field = replace(card.fields[name], sources=(("", OUTCOME_TEXT),))
    card = replace(card, fields={**card.fields, name: field})
    return card, replace(source, columns={**source.columns, OUTCOME_TEXT: "VARCHAR"})


def read_words(outcome: Outcome, texts: pd.Series, label: str) -> tuple[pd.Series, tuple[str, ...]]:
    """Whether each row (n,) became one: yes, no, or NA for undecided; sentences on words that are odd.

    Raises DataError where no row has a word for won.
    """
    if outcome.kind == "there":
        return texts.notna().astype("boolean"), ()
    folded = texts.map(key_of, na_action="ignore")
    won, lost = ({key_of(word): word for word in words} for words in (outcome.won, outcome.lost))
    counts = texts.groupby(folded).agg(["first", "size"]).sort_values("size", ascending=False)
    words = {key: (str(row["first"]), int(row["size"])) for key, row in counts.iterrows()}
    if not any(word in words for word in won):
        raise DataError(
            f"{label}: no row says in '{outcome.column}' that the lead became an opportunity:"
            f" {' or '.join(map(quote, outcome.won))} occurs in none of {int(texts.notna().sum()):,}."
            f"{did_you_mean(outcome.won[0], [text for text, _ in words.values()])}"
        )
    notes = []
    absent = [text for key, text in (won | lost).items() if key not in words]
    if absent:
        notes.append(f"The outcome's {_list(absent)} {'stand' if len(absent) > 1 else 'stands'} in no row.")
    undecided = {text: size for key, (text, size) in words.items() if key not in won and key not in lost}
    if lost and undecided:
        notes.append(
            f"Undecided, since '{outcome.column}' is neither won nor lost: {_list_counts(undecided)}. These leads have"
            " no outcome yet."
        )
    elif undecided and not lost and len(undecided) > 1:
        notes.append(
            f"Not won, since `is:` doesn't name them: {_list_counts(undecided)}. If some of these leads are still open,"
            " name the words for lost under `lost:`."
        )
    decided = folded.isin([*won, *lost]) if lost else folded.notna()
    return folded.isin(list(won)).astype("boolean").where(decided), tuple(notes)


def explain_unreadable(outcome: Outcome, values: Mapping[str, int], rows: int) -> str:
    """The message for an outcome that can't be read as its kind says. `values`: the raw texts and their numbers."""
    unread = sum(values.values())
    expected = "a day" if outcome.kind == "date" else "yes or no"
    won = [text for text in values if _holds(text, WON_PARTS) and not _holds(text, LOST_PARTS)]
    lost = [text for text in values if _holds(text, LOST_PARTS)]
    start = (
        f"'{outcome.column}', the outcome, is not {expected} in {unread:,} of {rows:,} rows: {_list_counts(values)}."
    )
    if len(values) > max(MOST_WORDS, unread // 4):  # ids, names, days in another form: each row has its own
        return (
            f"{start} If any value there means that the lead became an opportunity, write in the card"
            f" `became: {{field: {outcome.column}, is: there}}`"
        )
    examples = f"is: [{', '.join(won or list(values)[:1])}]" + (f", lost: [{', '.join(lost)}]" if lost else "")
    return (
        f"{start} If these are words, name those for won in the card, and those for lost, for example"
        f" `became: {{field: {outcome.column}, {examples}}}`; all others then have no outcome yet"
    )


def _holds(text: str, parts: Sequence[str]) -> bool:
    return any(part in text.lower() for part in parts)


def _list(texts: Sequence[str]) -> str:
    return ", ".join(map(quote, texts))


def _list_counts(values: Mapping[str, int]) -> str:
    """The most frequent texts, with their numbers."""
    frequent = sorted(values.items(), key=lambda item: -item[1])
    more = ", …" if len(frequent) > MOST_WORDS else ""
    return ", ".join(f"{quote(text)} ({count:,})" for text, count in frequent[:MOST_WORDS]) + more


def holds_times(connection: duckdb.DuckDBPyConnection, source: LeadTable, column: str) -> bool:
    """Whether most values of a column of days have a time of day, other than midnight."""
    kind = source.columns[column]
    if not kind.startswith(("TIMESTAMP", "VARCHAR")):
        return False
    text = f"CAST({quoted(column)} AS VARCHAR)"
    midnight = r"[T ]00:00(:00(\.0+)?)?([Z+-].*)?$"
    time = f"regexp_matches({text}, '[0-9]:[0-9]{{2}}') AND NOT regexp_matches({text}, '{midnight}')"
    ((share,),) = connection.execute(
        f"SELECT count_if({time}) / nullif(count({quoted(column)}), 0) FROM {source.table}"
    ).fetchall()
    return (share or 0.0) > MOST_TIMES
