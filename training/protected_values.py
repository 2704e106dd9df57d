"""The values of protected fields: never learned from, and kept to measure what their groups get."""

from __future__ import annotations

from typing import Any

import pandas as pd

from leadledger.scoring.choice_forms import split_choices
from leadledger.scoring.scorecard import Card


def read_protected_values(card: Card, whole: pd.DataFrame) -> dict[str, pd.Series[Any]]:
    """The values of the protected fields that have any, by name, each (n,).

    `whole` has the typed fields in columns `f:NAME`, days as whole numbers. Numbers are float64 (NaN: missing), flags
    boolean (NA), texts objects (None); a date is its year, and choices are one text.
    """
    protected: dict[str, pd.Series[Any]] = {}
    for name in card.protected:
        values = whole[f"f:{name}"].reset_index(drop=True)
        if values.isna().all():
            continue
        match card.fields[name].kind:
            case "number":
                protected[name] = values.astype(float)
            case "flag":
                protected[name] = values.astype("boolean")
            case "date":
                days = pd.to_datetime(values.astype(float), unit="D", origin="unix")
                protected[name] = days.dt.year.astype(float)
            case "choices":
                protected[name] = values.map(lambda kept: ", ".join(split_choices(kept)), na_action="ignore").astype(
                    object
                )
            case _:
                protected[name] = values.astype(object).where(values.notna(), None)
    return protected
