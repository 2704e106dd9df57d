"""The order of the leads of a history that has no days: by a field that counts up, such as a record's number."""

from __future__ import annotations

import numpy as np
import pandas as pd

from leadledger.scoring.field import Field


def sort_by_order(whole: pd.DataFrame, field: Field) -> pd.DataFrame:
    """The rows by their days and then by a field that counts up, with `order`, their places by it alone, from 0.

    Rows with the same value have the same place. A row without one has -1, and comes last on its day. The numbers
    within the texts of an id count as numbers: L9 comes before L10.
    """
    values = whole[f"f:{field.name}"]
    if field.kind == "id":
        values = values.astype(object).str.replace(r"\d+", lambda digits: digits[0].zfill(18), regex=True)
    else:
        values = values.astype(float)
    places = np.full(len(whole), -1, dtype=np.int64)
    filled = values.notna().to_numpy(bool)
    places[filled] = np.unique(values[filled].to_numpy(str if field.kind == "id" else float), return_inverse=True)[1]
    ordered = whole.assign(order=places, without_order=~filled)
    ordered = ordered.sort_values(["since", "without_order", "order", "row"], kind="stable")
    return ordered.drop(columns="without_order").reset_index(drop=True)
