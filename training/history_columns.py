"""The columns of a history: how they are brought out of DuckDB, and what training learns from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from leadledger.scoring.choice_forms import mark_choice
from leadledger.scoring.outcome import Outcome
from leadledger.scoring.printers.sql.dialects.literals import quoted
from leadledger.scoring.scorecard import START_TENTHS, Card, Choice
from leadledger.training.outcome_column import name_day
from leadledger.training.plausible_days import EPOCH
from leadledger.training.sources.scan import ROW


def select_typed(card: Card, outcome: Outcome, became: str) -> str:
    """The SELECT that brings the rows, days as whole numbers, in the order to learn from; `bad` can't be read."""
    result = quoted(f"f:{became}")
    since = quoted(f"f:{outcome.since}") if outcome.since else f"DATE '{EPOCH}'"
    columns = [
        f"{quoted(ROW)} AS row",
        f"{since} - DATE '{EPOCH}' AS since",
        f"{result} - DATE '{EPOCH}' AS became" if outcome.kind == "date" else f"{result} AS became",
        *([f"{quoted(f'f:{name_day(became)}')} - DATE '{EPOCH}' AS day"] if outcome.day else []),
        f'"ll:total" - {START_TENTHS} AS rules',
        '"ll:out" AS out',
        '"ll:bad" AS bad',
        *(f"{quoted(f'c:{criterion.name}')}" for criterion in card.criteria),
        *(
            f"{quoted(f'f:{field.name}')} - DATE '{EPOCH}' AS {quoted(f'f:{field.name}')}"
            if field.kind == "date"
            else quoted(f"f:{field.name}")
            for field in card.fields.values()
        ),
    ]
    return f"SELECT {', '.join(columns)} FROM history ORDER BY since, {quoted(ROW)}"


def choose_learnable(
    card: Card, whole: pd.DataFrame, choices: Mapping[str, Choice]
) -> tuple[pd.DataFrame, dict[str, str]]:
    """The fields to learn from, and why the others were left out."""
    columns: dict[str, pd.Series[Any]] = {}
    left_out: dict[str, str] = {}
    for declared in card.fields.values():
        if declared.kind in ("date", "id") or declared.choice_of:
            continue
        values = whole[f"f:{declared.name}"]
        if declared.protected:
            left_out[declared.name] = "the card protects it"
        elif card.outcome and declared.name == card.outcome.order:
            left_out[declared.name] = "it is the order of the leads"
        elif not declared.learn:
            left_out[declared.name] = "the card says `learn: no`"
        elif declared.name == "stage":
            left_out[declared.name] = "the stage is what is decided"
        elif values.isna().all():
            left_out[declared.name] = "has no value in the history"
        elif values.nunique(dropna=False) == 1:
            left_out[declared.name] = "has the same value in every row"
        elif declared.kind == "choices":
            flags = {name: choice.choice for name, choice in choices.items() if choice.field == declared.name}
            for name, choice in flags.items():
                has = values.str.contains(mark_choice(choice, declared.separator), regex=False)
                has = has.astype("boolean").where(values.notna())  # text columns of pandas have no unknown
                if has.nunique(dropna=False) > 1:
                    columns[name] = has
        elif declared.kind == "number":
            columns[declared.name] = values.astype(float)
        elif declared.kind == "flag":
            columns[declared.name] = values.astype("boolean")
        else:
            columns[declared.name] = values.astype(object).where(values.notna(), None)
    return pd.DataFrame(columns, index=whole.index).reset_index(drop=True), left_out


def take_dates(card: Card, whole: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
    """The date fields by name, (n,) days since 1970 (NaN: missing)."""
    names = [field.name for field in card.fields.values() if field.kind == "date"]
    return {name: whole[f"f:{name}"].to_numpy(np.float64, na_value=np.nan) for name in names}


def take_ids(card: Card, whole: pd.DataFrame) -> dict[str, NDArray[np.object_]]:
    """The id fields by name, (n,) texts (None: missing)."""
    columns = {field.name: whole[f"f:{field.name}"] for field in card.fields.values() if field.kind == "id"}
    return {name: column.astype(object).where(column.notna(), None).to_numpy() for name, column in columns.items()}


def three_valued(values: pd.Series[Any]) -> NDArray[np.int8]:
    """Flags (n,) as 1, 0, and -1 for unknown."""
    return np.asarray(values.astype("boolean").astype("Int8").fillna(-1), dtype=np.int8)
