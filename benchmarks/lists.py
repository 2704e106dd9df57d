"""`leadledger score` on long lists: its time as a ratio to DuckDB's own copy of the same file, and its memory.

    python -m benchmarks lists --rows 200000

The list has 18 fields of the simulated CRM of examples/b2b-software; the scorecard is the example's card with the
tables learned from 20,000 leads of its history. Each pair of times is of the same minute: DuckDB reads the file and
writes the kept columns and as many constants as we write columns; a script of pandas and scikit-learn reads, predicts
and writes two columns; we score. The memory is the most that a process of its own held (the kernel's figure).
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import duckdb
import numpy as np

from benchmarks.million import run
from leadledger.api.cli.examples import find_examples, load_simulator
from leadledger.api.lists.duckdb import score_list
from leadledger.api.lists.wanted import Wanted
from leadledger.models.releases.store import Releases

ROWS = 2_000_000
SIZES = (100_000, 1_000_000, 10_000_000)
FIELDS = (
    "lead_id, created, country, industry, employees, annual_revenue, job_title, lead_source, need, budget,"
    " decision_role, decision_date, supplier_status, last_activity, pages_viewed, pricing_visits, demo_requested,"
    " unsubscribed"
)
FOUR = ("lead_id", "score", "probability", "recommendation")
LIMITS = {"csv": (2.5, 1.5), "parquet": (4.0, 1.4)}  # of the ratios: to four columns, to all
UNTIL = date(2026, 6, 30)
MAKE = """
import sys
from pathlib import Path
from benchmarks.lists import leads
leads(Path(sys.argv[1]), int(sys.argv[2]))
"""
PANDAS = """
import sys
import joblib, pandas as pd
model = joblib.load(sys.argv[2])
leads = pd.read_csv(sys.argv[1])
pd.DataFrame({"lead_id": leads.lead_id, "p": model.predict_proba(leads)[:, 1]}).to_csv(sys.argv[3], index=False)
"""


@dataclass(frozen=True)
class TimePair:
    """Two times, in seconds, of the same work: ours, and that of a baseline; the least of some runs."""

    work: str
    ours: float
    baseline: float
    limit: float

    @property
    def ratio(self) -> float:
        """Ours as a multiple of the baseline's."""
        return self.ours / self.baseline


@dataclass(frozen=True)
class ListRun:
    """One list in a process of its own: rows, seconds, the most bytes of memory."""

    rows: int
    seconds: float
    memory: int


def leads(folder: Path, rows: int) -> Path:
    """A CSV file of `rows` leads: at most 200,000 are simulated, and repeated under other ids."""
    simulate = load_simulator()
    simulated = min(rows, 200_000)
    simulate.write(simulate.open_leads(simulated, seed=5, until=UNTIL), folder / "simulated.csv")
    path = folder / f"leads-{rows}.csv"
    again = [str(folder / "simulated.csv")] * -(-rows // simulated)
    duckdb.execute(
        f"COPY (SELECT 'L' || row_number() OVER () AS lead_id, * EXCLUDE (lead_id)"
        f" FROM (SELECT {FIELDS} FROM read_csv({again}, all_varchar = true)) LIMIT {rows}) TO '{path}' (HEADER)"
    )
    return path


def release(folder: Path) -> Path:
    """A home with a release trained on 20,000 simulated leads."""
    card, history, home = find_examples() / "b2b-software" / "card.yaml", folder / "history.csv", folder / "home"
    run([str(card.with_name("simulate.py")), "--leads", "20000", "-o", str(history)])
    run(["-m", "leadledger.api.cli.commands", "train", str(card), str(history), "--home", str(home)])
    return home


def model(folder: Path) -> Path:
    """A logistic regression on the same history, as a joblib file: what many would use."""
    import joblib
    import pandas as pd
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    history = pd.read_csv(folder / "history.csv")
    numbers = ["employees", "annual_revenue", "budget", "pages_viewed", "pricing_visits"]
    texts = ["country", "industry", "lead_source", "need", "decision_role", "supplier_status", "demo_requested"]
    prepared = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), numbers),
        (make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")), texts),
    )
    numeric = history.assign(**{name: pd.to_numeric(history[name], errors="coerce") for name in numbers})
    fitted = make_pipeline(prepared, LogisticRegression(max_iter=500)).fit(numeric, history.opportunity_date.notna())
    joblib.dump(fitted, folder / "model.joblib")
    return folder / "model.joblib"


def least(of: Mapping[str, Callable[[], object]], repeat: int) -> dict[str, float]:
    """The least seconds of each, taken in turn."""
    seconds: dict[str, float] = {}
    for _ in range(repeat):
        for name, work in of.items():
            start = time.perf_counter()
            work()
            seconds[name] = min(seconds.get(name, 1e9), time.perf_counter() - start)
    return seconds


def measure(rows: int, repeat: int) -> list[TimePair]:
    """The pairs of times for a list of `rows` rows."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        card = Releases(release(folder)).open()
        as_of = UNTIL + timedelta(days=1)
        csv = leads(folder, rows)
        parquet = csv.with_suffix(".parquet")
        joblib = model(folder)
        duckdb.execute(f"COPY (FROM read_csv('{csv}', all_varchar = true)) TO '{parquet}'")
        pairs = []
        for kind, path in (("csv", csv), ("parquet", parquet)):
            scan = f"read_csv('{path}', all_varchar = true)" if kind == "csv" else f"'{path}'"
            out, copy = folder / f"out.{kind}", folder / f"copy.{kind}"
            for (columns, kept), limit in zip(((FOUR, "lead_id"), ((), "*")), LIMITS[kind], strict=True):
                added = "1 a, 0.5 b, 'x' c" if columns else "1 a, 0.5 b, 0.5 c, 'x' d, 'y' e"
                select = f"COPY (SELECT {kept}, {added} FROM {scan}) TO '{copy}'"
                ours = partial(score_list, card, path, out, as_of, Wanted(columns=columns))
                times = least({"duckdb": partial(duckdb.execute, select), "ours": ours}, repeat)
                what = "four columns" if columns else "all columns"
                pairs.append(TimePair(f"{kind}, {what}: DuckDB's copy", times["ours"], times["duckdb"], limit))
        script = folder / "script.py"
        script.write_text(PANDAS)
        seconds, _ = run([str(script), str(csv), str(joblib), str(folder / "pandas.csv")])
        pairs.append(TimePair("csv, four columns: pandas and scikit-learn", pairs[0].ours, seconds, 0.2))
        return pairs


def sizes(of: Sequence[int]) -> list[ListRun]:
    """Lists of several lengths, each in a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        home = release(folder)
        runs = []
        for rows in of:
            # In a process of its own: the kernel's figure for a child starts from what its parent held.
            run(["-c", MAKE, str(folder), str(rows)])
            path = folder / f"leads-{rows}.csv"
            words = [
                "-m",
                "leadledger.api.cli.commands",
                "score",
                str(path),
                "-o",
                str(folder / "out.csv"),
                "--home",
                str(home),
            ]
            seconds, memory = run([*words, "--columns", ",".join(FOUR), "--as-of", "2026-07-01"])
            runs.append(ListRun(rows, seconds, memory))
            path.unlink()
        return runs


def lines(pairs: Sequence[TimePair], lengths: Sequence[ListRun]) -> Iterator[str]:
    """As text."""
    for pair in pairs:
        met = "" if pair.ratio <= pair.limit else f"  over {pair.limit}"
        yield f"{pair.work:<45} {pair.ours:7.2f} s  {pair.baseline:7.2f} s  ratio {pair.ratio:5.2f}{met}"
    for size in lengths:
        yield f"{size.rows:>12,} rows {size.seconds:8.1f} s {size.memory / 1e9:6.2f} GB"
    if len(lengths) > 1:
        rows, seconds = np.array([run.rows for run in lengths]), np.array([run.seconds for run in lengths])
        slope, start = np.polyfit(rows, seconds, 1)
        worst = np.abs(start + slope * rows - seconds).max()
        yield f"seconds = {start:.2f} + {slope * 1e6:.2f} per million rows, at most {worst:.2f} s off"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="benchmarks lists", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=ROWS, help="rows of the list that is compared")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each, of which the best counts")
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES, help="lengths to measure memory and time of")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    # First: the kernel's figure for the memory of a child is at least what its parent held when it was made.
    lengths = sizes(options.sizes) if options.sizes else []
    pairs = measure(options.rows, options.repeat)
    if options.json:
        measured = {"pairs": [asdict(pair) for pair in pairs], "sizes": [asdict(run) for run in lengths]}
        print(json.dumps(measured, indent=2))
    else:
        print("\n".join(lines(pairs, lengths)))


if __name__ == "__main__":
    main()
