"""The questions of leads that are to be asked: a function of DuckDB, which Python words."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from typing import Any

import duckdb
from duckdb.func import FunctionNullHandling

from leadledger.scoring.each_points import name_earned
from leadledger.scoring.engine.score import get_engine
from leadledger.scoring.event_counts import EarnedByEvents, EventCounts
from leadledger.scoring.printers.sql.cleaning import TYPE_OF_KIND
from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.scoring.printers.sql.query import name_counted
from leadledger.scoring.scorecard import Card, Scorecard

_FUNCTION = "ll_questions"


def list_earned(card: Card) -> list[str]:
    """The columns with what each rule for events earns, which the questions rest on, too."""
    return [name_counted(name_earned(rule.name)) for rule in card.each_rules]


def word_questions(connection: duckdb.DuckDBPyConnection, card: Scorecard, as_of: date, recommendation: str) -> str:
    """The SQL of the questions of a lead, over its typed fields; `recommendation` is the column with that."""
    plain, counted = card.card.plain_fields, card.card.event_fields
    columns = {f"f:{field.name}": TYPE_OF_KIND[field.kind] for field in (*plain, *counted)}
    columns |= dict.fromkeys(list_earned(card.card), "INTEGER")
    ready = get_engine(card)

    def word(values: Any) -> str:
        known = dict(zip(columns, values.values(), strict=True))
        lead = {field.name: known[f"f:{field.name}"] for field in plain}
        counts = _restore_counts(card.card, known) if card.card.events else None
        questions = ready.build_result(lead, as_of, counts=counts).recommendation.questions
        return "; ".join(question.text for question in questions)

    # Under numbers, since the names of a struct are the same in any case, and those of a card are not.
    lead = duckdb.struct_type({f"f{i}": kind for i, kind in enumerate(columns.values())})
    with suppress(duckdb.Error):  # of an earlier card, where the list has shown how it writes its numbers
        connection.remove_function(_FUNCTION)
    connection.create_function(_FUNCTION, word, [lead], "VARCHAR", null_handling=FunctionNullHandling.SPECIAL)
    packed = ", ".join(f"f{i}: {quoted(column)}" for i, column in enumerate(columns))
    return f"CASE {quoted(recommendation)} WHEN 'ask' THEN {_FUNCTION}({{{packed}}}) END"


def _restore_counts(card: Card, values: Mapping[str, Any]) -> EventCounts:
    """What the events of a lead come to, from the columns of its row."""
    rules = (EarnedByEvents(rule.name, values[name_counted(name_earned(rule.name))]) for rule in card.each_rules)
    return EventCounts({field.name: values[f"f:{field.name}"] for field in card.event_fields}, tuple(rules))
