"""Our lists beside what a person could write by hand for the same card and the same file, as ratios in one run.

    python -m benchmarks hand_written --rows 2000000

The release and the list are those of `lists`. The whole list, from a CSV file to four columns of one, stands beside
Polars expressions of the same card (`polars_card.py`), lazy, streamed and on all cores; before anything is timed, both
outputs must be the same for every row. What computes alone stands beside LightGBM's predictor with 200 trees, fitted on
the history of the release: both get the list parsed, we as blocks of Arrow, LightGBM as a matrix of 17 columns, and
give an array of probabilities. Ours is made ready in each run, so that no value of the list is known yet; once it also
looks at all entries of each ledger and words the reasons.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as arrow  # type: ignore[import-untyped]
import pyarrow.csv as arrow_csv  # type: ignore[import-untyped]

from benchmarks.lists import FIELDS, FOUR, ROWS, UNTIL, TimePair, leads, least, lines, release
from benchmarks.polars_card import PolarsCard
from leadledger.api.lists.duckdb import score_list
from leadledger.api.lists.wanted import Wanted
from leadledger.models.releases.store import Releases
from leadledger.scoring.arrays.coded import Items
from leadledger.scoring.arrays.list_scorer import ArrayScorer
from leadledger.scoring.frames.array_scores import ROWS_PER_BLOCK
from leadledger.scoring.scorecard import Scorecard

AS_OF = UNTIL + timedelta(days=1)
COLUMNS = FIELDS.split(", ")
TREES = 200
LIMIT = 1.0
LAST_BITS = 1e-12  # by which two formulas of one probability may differ


def compare(card: Scorecard, history: Path, path: Path, repeat: int) -> list[TimePair]:
    """The pairs of times for a list. Raises RuntimeError where the outputs of both ways differ."""
    score, score_by_hand = make_writers(card, path)
    blocks = read_blocks(path, ArrayScorer(card, AS_OF, COLUMNS).read_columns)
    times = least(
        {
            "list": score,
            "polars": score_by_hand,
            "arrays": partial(score_blocks, card, blocks, explain=False),
            "reasons": partial(score_blocks, card, blocks, explain=True),
            "lightgbm": make_predictor(card, history, path),
        },
        repeat,
    )
    works = (
        ("csv, four columns: Polars by hand", "list", "polars"),
        (f"scores alone: LightGBM, {TREES} trees", "arrays", "lightgbm"),
        (f"scores and reasons: LightGBM, {TREES} trees", "reasons", "lightgbm"),
    )
    return [TimePair(work, times[name], times[baseline], LIMIT) for work, name, baseline in works]


def make_writers(card: Scorecard, path: Path) -> tuple[Callable[[], object], Callable[[], object]]:
    """What writes the four columns of a list, our way and by hand; both have done so once, and were the same.

    Raises RuntimeError where they weren't.
    """
    ours, theirs = path.with_name("ours.csv"), path.with_name("theirs.csv")
    score = partial(score_list, card, path, ours, AS_OF, Wanted(columns=FOUR))
    score_by_hand = partial(PolarsCard(card, COLUMNS, AS_OF).score(path).sink_csv, theirs)
    score()
    score_by_hand()
    check_same(ours, theirs)
    return score, score_by_hand


def check_same(ours: Path, theirs: Path) -> None:
    """Raises RuntimeError where two files of the four columns differ in more than the order of their rows."""
    first, second = (pl.read_csv(path).sort("lead_id") for path in (ours, theirs))
    exact = ["lead_id", "score", "recommendation"]
    is_same = first.select(exact).equals(second.select(exact))
    if not is_same or not np.allclose(first["probability"], second["probability"], rtol=0, atol=LAST_BITS):
        raise RuntimeError(f"the scores of {ours} and {theirs} are not the same")


def read_blocks(path: Path, columns: Sequence[str]) -> list[Mapping[str, Any]]:
    """Some columns of a CSV file as blocks of Arrow: each text by the number of its distinct value, ids as they are."""
    options = arrow_csv.ConvertOptions(
        column_types=dict.fromkeys(columns, arrow.string()), include_columns=[*columns], strings_can_be_null=True
    )
    table = arrow_csv.read_csv(path, convert_options=options)
    blocks: list[Mapping[str, Any]] = []
    for start in range(0, len(table), ROWS_PER_BLOCK):
        part = table.slice(start, ROWS_PER_BLOCK).combine_chunks()
        arrays = {name: part.column(name).chunk(0) for name in columns}
        blocks.append(
            {name: array if name == "lead_id" else array.dictionary_encode() for name, array in arrays.items()}
        )
    return blocks


def score_blocks(card: Scorecard, blocks: Sequence[Mapping[str, Any]], *, explain: bool) -> Items:
    """The probabilities of a list, scored block by block in as many threads as there are cores."""
    scorer = ArrayScorer(card, AS_OF, COLUMNS, explain=explain)

    def score_block(block: Mapping[str, Any]) -> Items:
        probability = scorer.score(block).outputs["probability"]
        return np.array(probability.values, np.float64)[probability.codes]

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return np.concatenate([*pool.map(score_block, blocks)])


def make_predictor(card: Scorecard, history: Path, path: Path) -> partial[Any]:
    """What predicts the probabilities of a list by LightGBM, fitted on a history; the matrix of the list is ready."""
    import lightgbm

    known, listed = (_read_leads(card, file) for file in (history, path))
    texts = [name for name, kind in known.schema.items() if kind == pl.String]
    levels = {name: pl.Enum(known[name].drop_nulls().unique().sort()) for name in texts}
    matrix, became = _make_matrix(known, levels), pl.read_csv(history, columns=["opportunity_date"])
    rows = lightgbm.Dataset(
        matrix, became.to_series().is_not_null().to_numpy(), categorical_feature=[*map(known.columns.index, texts)]
    )
    options = {"objective": "binary", "num_threads": os.cpu_count(), "verbosity": -1, "seed": 1}
    booster = lightgbm.train(options, rows, TREES)
    return partial(booster.predict, _make_matrix(listed, levels))


def _read_leads(card: Scorecard, path: Path) -> pl.DataFrame:
    """The 17 columns of a file that may say something of a lead, by the types of its fields."""
    types = {"number": pl.Float64, "flag": pl.Boolean, "date": pl.Date}
    kinds = {name: types.get(card.card.fields[name].kind, pl.String) for name in COLUMNS[1:]}
    leads = pl.read_csv(path, columns=COLUMNS[1:], schema_overrides=kinds, null_values=[*card.card.missing])
    return leads.select(COLUMNS[1:])


def _make_matrix(leads: pl.DataFrame, levels: Mapping[str, pl.Enum]) -> Items:
    """Leads as a matrix of shape (leads, 17): numbers, days, flags, numbers of the levels; NaN where one is missing."""
    coded = [pl.col(name).cast(kind, strict=False).to_physical() for name, kind in levels.items()]
    matrix = leads.with_columns(coded).with_columns(pl.selectors.date().to_physical())
    return matrix.cast(pl.Float32).fill_null(float("nan")).to_numpy(order="c")


def measure(rows: int, repeat: int) -> list[TimePair]:
    """The pairs of times for the list of `lists` with `rows` rows."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        card = Releases(release(folder)).open()
        return compare(card, folder / "history.csv", leads(folder, rows), repeat)


def describe(pairs: Sequence[TimePair]) -> Iterator[str]:
    """As text: the lines of `lists`, and what is under its limit, too."""
    for pair, line in zip(pairs, lines(pairs, ()), strict=True):
        yield line if pair.ratio > pair.limit else f"{line}  under {pair.limit}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="benchmarks hand_written", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=ROWS, help="rows of the list")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each, of which the best counts")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    pairs = measure(options.rows, options.repeat)
    print(json.dumps([asdict(pair) for pair in pairs], indent=2) if options.json else "\n".join(describe(pairs)))


if __name__ == "__main__":
    main()
