"""The four real sets: their card, their history, and how leads are held out.

None of the data is part of the project. It is read in `shared/data` beside the project's folder; a set that is absent
is skipped, with a message.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeAlias

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from benchmarks.kept_aside import ONCE
from leadledger.scoring.card.reader import parse_card, read_card
from leadledger.scoring.scorecard import Card
from leadledger.training.history import History
from leadledger.training.history_reader import read_history

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data"
FIRST_SPLIT_SEED = 10  # the first of the seeds that splits are drawn by; settings were chosen by lower ones
HELD_OUT_SHARE = 0.3  # of the leads, held out to judge by
CUTS = (0.7, 0.6, 0.5, 0.4)  # where learning ends, as a share of the leads in time: the newest 30 %, and earlier ones

Indexes: TypeAlias = NDArray[np.intp]


@dataclass(frozen=True)
class RealSet:
    """A set by its name, with its card and the history that the card makes of it."""

    name: str
    card: Card
    history: History

    @property
    def ordered(self) -> bool:
        """Whether the leads have days, so that the newest judge."""
        return self.history.days is not None

    def splits(self, most: int) -> Iterator[tuple[Indexes, Indexes]]:
        """Positions to learn from and to judge by: cuts in time where there are days, else drawn, stratified."""
        positions = np.arange(len(self.history))
        if self.ordered:
            for cut in CUTS[:most]:
                end, last = round(cut * len(positions)), round((cut + HELD_OUT_SHARE) * len(positions))
                yield positions[:end], positions[end:last]
            return
        for seed in range(FIRST_SPLIT_SEED, FIRST_SPLIT_SEED + most):
            kept, held = train_test_split(
                positions, test_size=HELD_OUT_SHARE, stratify=self.history.won, random_state=seed
            )
            yield np.sort(kept), np.sort(held)


# Each set: the folder of its card, its files, and the last day of known outcomes where the data doesn't have it.
SETS: dict[str, tuple[str, tuple[str, ...], date | None]] = {
    "bank_marketing": ("bank-marketing", ("bank_marketing/bank-additional-full.csv",), None),
    "online_shoppers": ("online-shoppers", ("online_shoppers/online_shoppers_intention.csv",), None),
    "extraalearn": ("extraalearn", ("extraalearn/ExtraaLearn.csv",), None),
    "olist": (
        "olist-funnel",
        (
            "olist_funnel/olist_marketing_qualified_leads_dataset.csv",
            "olist_funnel/olist_closed_deals_dataset.csv",
        ),
        date(2018, 11, 14),
    ),
}


def load(name: str) -> RealSet | None:
    """A set by its name, or None, with a message on standard error, where its files are absent."""
    folder, files, as_of = SETS[name]
    absent = [str(DATA / file) for file in files if not (DATA / file).is_file()]
    if absent:
        print(f"{name} is skipped: the real data is not shipped; it would be {absent[0]}", file=sys.stderr)
        return None
    example = ROOT / "examples" / folder
    card = read_card(example / "card.yaml")
    source = DATA / files[0] if len(files) == 1 else joined(example / "README.md", (DATA / files[0]).parent)
    return RealSet(name, card, read_history(card, source, as_of))


def load_kept_aside(name: str) -> RealSet | None:
    """A set of shared/data/once by its name, or None, with a message, where its file is absent."""
    source = DATA / "once" / f"{name}.csv"
    if not source.is_file():
        print(f"{name} is skipped: the real data is not shipped; it would be {source}", file=sys.stderr)
        return None
    card = parse_card(ONCE[name], f"{name}.yaml")
    return RealSet(name, card, read_history(card, source))


def loaded(names: Sequence[str], *, once: bool = False) -> Iterator[RealSet]:
    """The sets of these names whose files are there; with `once`, of those that are kept aside."""
    for name in names:
        data = load_kept_aside(name) if once else load(name)
        if data is not None:
            yield data


def joined(readme: Path, folder: Path) -> pd.DataFrame:
    """The one history that a card's README makes of several files, by its very query."""
    query = re.search(r"COPY \((.*?)\) TO ", readme.read_text("utf-8"), flags=re.DOTALL)
    if query is None:
        raise ValueError(f"{readme} has no query of the form COPY (…) TO")
    with duckdb.connect() as connection:
        connection.execute("SET file_search_path = ?", [str(folder)])
        return connection.execute(query[1]).df()
