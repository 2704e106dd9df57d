"""Scalars of NumPy among raw values, without NumPy."""

from __future__ import annotations

from datetime import datetime
from typing import Any


def unwrap_scalar(raw: Any) -> Any:
    """The plain value of a NumPy scalar, told by its looks, since nothing here imports NumPy; else `raw` itself."""
    kind = type(raw)
    sort = getattr(getattr(raw, "dtype", None), "kind", "") if kind.__module__ == "numpy" else ""
    if not sort or kind.__name__ == "ndarray":
        return raw
    if sort == "M":
        # By way of microseconds: those of a finer unit come out as whole numbers, those of days as dates.
        day = raw.astype("datetime64[us]").item()
        return day if day is None or isinstance(day, datetime) else raw
    if kind.__name__ in ("float32", "float16"):
        return float(str(raw))  # what was written 10.1 is 10.1, and not the nearest number of so few bytes
    return raw.item() if sort in "biuf" else raw
