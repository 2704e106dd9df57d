"""Where a release came from: digests, row counts, versions, the seed, days of the data. It reads no clock."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Sequence
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from leadledger.models.upkeep import LEARNED_FROM_PROMOTED
from leadledger.training.history import History
from leadledger.training.plausible_days import EPOCH
from leadledger.training.sources.logged import LOG_NAME, LoggedHistory

PACKAGES = ("leadledger", "scikit-learn", "lightgbm", "pandas", "numpy", "duckdb")


def provenance(
    card_text: str,
    data: Path | str | pd.DataFrame | LoggedHistory,
    history: History,
    seed: int,
    without: Sequence[str] = (),
    events: Path | str | pd.DataFrame | None = None,
) -> dict[str, Any]:
    """What makes a release repeatable: with all of this the same, it comes out the same, byte for byte.

    `without` are the fields that the history had no column for, `events` those of the leads.
    """
    name, digest = _name_source(data.path if isinstance(data, LoggedHistory) else data)
    days = history.lead_days if len(history) else None
    return {
        "data": LOG_NAME if isinstance(data, LoggedHistory) else name,
        "data_sha256": digest,
        **({} if events is None else dict(zip(("events", "events_sha256"), _name_source(events), strict=True))),
        **({"log": dict(data.source)} if isinstance(data, LoggedHistory) else {}),
        "rows": history.counts.rows,
        "without": list(without),
        **({} if history.weights is None else {"learned_from": LEARNED_FROM_PROMOTED}),
        "card_sha256": hashlib.sha256(card_text.encode()).hexdigest(),
        "as_of": None if history.as_of is None else history.as_of.isoformat(),
        "oldest_lead": None if days is None else (EPOCH + timedelta(int(days[0]))).isoformat(),
        "newest_lead": None if days is None else (EPOCH + timedelta(int(days[-1]))).isoformat(),
        "seed": seed,
        "versions": {"python": platform.python_version(), **{package: version(package) for package in PACKAGES}},
    }


def _name_source(source: Path | str | pd.DataFrame) -> tuple[str, str]:
    """The name of a list, and the SHA-256 of what is in it: of a file's bytes, or of those of all files of a folder."""
    if isinstance(source, pd.DataFrame):
        return "data frame", _digest_frame(source)
    path = Path(source)
    if path.is_file():
        with path.open("rb") as file:
            return path.name, hashlib.file_digest(file, "sha256").hexdigest()
    digest = hashlib.sha256()
    files = path.rglob("*") if path.is_dir() else path.parent.glob(path.name)
    for part in sorted(file for file in files if file.is_file()):
        digest.update(part.read_bytes())
    return path.name, digest.hexdigest()


def _digest_frame(frame: pd.DataFrame) -> str:
    """The SHA-256 of the values of a frame, lists by their texts."""
    lists = [
        name
        for name in frame.columns
        if frame[name].dtype == object and frame[name].map(type).isin((list, tuple, set, np.ndarray)).any()
    ]
    hashed = pd.util.hash_pandas_object(frame.astype(dict.fromkeys(lists, str)) if lists else frame)
    return hashlib.sha256(hashed.to_numpy().tobytes()).hexdigest()
