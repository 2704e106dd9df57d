"""Data frames: pandas, Polars and Arrow in, the same kind out; each row gets what `score` gives for its record.

One file, because most tests share one list of frames and one comparison with `score`.
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import polars.selectors as cs
import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

import leadledger
from leadledger import score_frame
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.errors import DataError, LeadError
from leadledger.scoring.frames import score as frames
from leadledger.scoring.outputs import AXIS_COLUMNS, PLUS_MINUS, REASON_COLUMNS, list_names
from leadledger.scoring.scorecard import Learned, Scorecard
from tests.effort import examples
from tests.strategies import AS_OF, LEADS, RAW_LEADS, scorecards, scorecards_with_axes

ADDED = ["score", "points", "probability", "grade", "recommendation", "percentile", "problem"]

# Each rule has its own share of the total, so that no two of them can stand for each other.
CARD = Scorecard(
    parse_card(
        """
name: frames
missing: ["n/a", "-", "1900-01-01"]
fields:
  amount: {kind: number, from: {crm: Amount}}
  name: {kind: text}
  letter: {kind: text, values: [a, B]}
  flag: {kind: flag}
  day: {kind: date}
  post: {kind: id}
rules:
  - {name: much, when: amount > 5, points: 0.1, reason: Much}
  - {name: exact, when: amount = 0.1, points: 0.2, reason: A tenth}
  - {name: large, when: amount >= 1e18, points: 0.4, reason: Large}
  - {name: unpriced, when: amount is null, points: 0.8, reason: Unknown}
  - {name: named, when: "name in ('a', '5', 'é')", points: 1.6, reason: Named}
  - {name: nameless, when: name is null, points: 3.2, reason: Nameless}
  - {name: b, when: letter = 'B', points: 6.4, reason: B}
  - {name: flagged, when: flag, points: 12.8, reason: Flagged}
  - {name: unflagged, when: not flag, points: -12.8, reason: Not flagged}
  - {name: fresh, when: days_since(day) between 0 and 3, points: 25.6, reason: Fresh}
  - {name: undated, when: day is null, points: 51.2, reason: No day}
  - {name: old, when: "day < date '1000-01-01'", points: -25.6, reason: Old}
"""
    ),
    Learned(base_rate=0.2),
)

NIGHT = datetime(2026, 11, 20, 23, 30)  # of the day before, for those who are west of Greenwich
TEXTS = ["a", " a ", "b", "", "n/a", "N/A", "é", "nul\0", None, "5"]
NUMBERS = ["6", " 0.1", "1_000", "lots", "nan", "inf", "-", None, "1e400", "1e3"]
FLAGS = ["yes", "NO", "t", "maybe", "", None, "n/a", "1", "0.0", "off "]
DAYS = ["2026-11-22", "2026-11-20T23:30-02:00", "2026-02-30", "1900-01-01", "n/a", None, "x", "0001-01-01", "", "-"]
DATES = [date(2026, 11, 22), date(1900, 1, 1), date(1, 1, 1), date(9999, 12, 31), None]
TIMES = [NIGHT, datetime(1969, 12, 31, 23, 59), None]


def by_arrow(values: Any, kind: Any) -> Any:
    """An array of pandas that Arrow keeps."""
    return pd.array(values, dtype=pd.ArrowDtype(kind))


PANDAS: dict[str, dict[str, Any]] = {
    "texts": {"name": TEXTS, "Amount": NUMBERS, "flag": FLAGS, "day": DAYS, "letter": TEXTS, "post": TEXTS},
    "texts kept as objects": {"name": pd.array(TEXTS, dtype=pd.StringDtype("python"))},
    "texts kept by Arrow": {"day": by_arrow(DAYS, pa.string())},
    "half a character": {"name": pd.Series(["a", "\ud800", None], dtype=object)},
    "whole numbers": {"amount": [1, 6, 2**62], "name": [5, 6, 7], "flag": [0, 1, 2], "day": [1, 2, 3]},
    "unsigned": {"amount": np.array([2**64 - 1, 0, 7], dtype="uint64"), "flag": np.array([0, 1, 5], dtype="uint8")},
    "doubles": {
        "amount": [0.1, math.nan, math.inf, 6.0],
        "flag": [0.0, 1, 0.5, math.nan],
        "name": [5.0] + [None] * 3,
    },
    "single": {"amount": np.array([0.1, 6, np.nan], dtype="float32")},
    "half": {"amount": np.array([0.1, 6, np.nan], dtype="float16")},
    "complex": {"amount": np.array([0.1, 6j, 7], dtype="complex128")},
    "flags": {"flag": [True, False], "amount": [True, False], "name": [True, False]},
    "nullable": {
        "amount": pd.array([1, None, 6], dtype="Int64"),
        "flag": pd.array([True, None, False], dtype="boolean"),
        "name": pd.array([5, None, 6], dtype="Int8"),
    },
    "nullable doubles": {"amount": pd.array([0.1, None, 6.0], dtype="Float64")},
    "Arrow numbers": {
        "amount": by_arrow([Decimal("0.1"), None, Decimal(6)], pa.decimal128(20, 4)),
        "flag": pd.array([1, None, 0], dtype="int64[pyarrow]"),
        "day": by_arrow([date(2026, 11, 22), None, date(1900, 1, 1)], pa.date32()),
    },
    "categories": {
        "name": pd.Categorical(["a", None, "n/a"]),
        "letter": pd.Categorical(["b", None, "x"]),
        "flag": pd.Categorical(["yes", "no", None]),
    },
    "categories of numbers": {"amount": pd.Categorical([6, 1, 6]), "name": pd.Categorical([5, 6, 5])},
    "categories of days": {"day": pd.Categorical([date(2026, 11, 22), None, date(1, 1, 1)])},
    "times": {"day": pd.Series(TIMES, dtype="datetime64[us]"), "name": pd.Series(TIMES, dtype="datetime64[us]")},
    "times by second": {"day": pd.Series(DATES, dtype="datetime64[s]")},
    "times by nanosecond": {"day": pd.Series(TIMES, dtype="datetime64[ns]")},
    "times of a zone": {"day": pd.Series(TIMES, dtype="datetime64[us]").dt.tz_localize("America/New_York")},
    "times of a zone by nanosecond": {"day": pd.Series(TIMES, dtype="datetime64[ns]").dt.tz_localize("Asia/Tokyo")},
    "spans": {"day": pd.to_timedelta([1, None], unit="D"), "amount": pd.to_timedelta([1, None], unit="D")},
    "periods": {"day": pd.period_range("2026-01", periods=2)},
    "nothing": {"amount": [None, None], "name": [None, None], "day": [pd.NaT, pd.NaT]},
    "objects": {
        "amount": pd.Series([1, "6", Decimal("0.1"), 2.5, True, None, math.nan, pd.NA, [1], 10**400], dtype=object),
        "name": pd.Series(["a", 5, 5.0, True, None, pd.NA, b"a", date(2026, 1, 1), "", "é"], dtype=object),
        "flag": pd.Series([True, 1, 0.0, "yes", Decimal(1), np.True_, np.int64(0), 2, None, "-"], dtype=object),
        "day": pd.Series(
            [
                date(2026, 11, 22),
                NIGHT,
                NIGHT.replace(tzinfo=UTC),
                pd.Timestamp("2026-11-22T23:30", tz="America/New_York"),
                pd.NaT,
                "2026-11-22",
                "1900-01-01",
                date(1900, 1, 1),
                date(1, 1, 1),
                20261122,
            ],
            dtype=object,
        ),
    },
    "objects that come late": {"amount": pd.Series([None] * 3000 + ["6", 7, "x"], dtype=object)},
}
POLARS: dict[str, dict[str, Any]] = {
    "texts": {"name": TEXTS, "Amount": NUMBERS, "flag": FLAGS, "day": DAYS, "letter": TEXTS, "post": TEXTS},
    "numbers": {
        "amount": [0.1, 6.0, None, math.nan, math.inf],
        "flag": [0, 1, 2, None, 1],
        "name": [5, 6, None, 0, -1],
    },
    "large": {"amount": pl.Series([1, 2**100, None], dtype=pl.Int128)},
    "single": {"amount": pl.Series([0.1, 6.0, None], dtype=pl.Float32)},
    "decimals": {"amount": pl.Series([Decimal("0.1"), None, Decimal(6)], dtype=pl.Decimal(30, 4))},
    "categories": {
        "name": pl.Series(["a", None, "n/a"], dtype=pl.Categorical),
        "letter": pl.Series(["b", None, "x"], dtype=pl.Enum(["b", "x"])),
    },
    "days": {"day": DATES, "name": DATES},
    "times": {"day": pl.Series(TIMES, dtype=pl.Datetime("ms"))},
    "times of a zone": {"day": pl.Series(TIMES, dtype=pl.Datetime("ns")).dt.replace_time_zone("America/New_York")},
    "flags": {"flag": [True, False, None], "amount": [True, False, None]},
    "nothing": {"amount": [None, None], "name": [None, None], "day": [None, None]},
    "no single values": {
        "amount": [[1.0], None],
        "day": [time(1), None],
        "name": [b"a", None],
        "flag": [{"a": 1}, None],
    },
    "spans": {"day": [timedelta(1), None]},
    "objects": {"amount": pl.Series([6, "x", Decimal("0.1")], dtype=pl.Object)},
}
ARROW: dict[str, dict[str, Any]] = {
    "texts": {"name": TEXTS, "Amount": NUMBERS, "flag": FLAGS, "day": DAYS, "letter": TEXTS, "post": TEXTS},
    "large texts": {"name": pa.array(TEXTS, pa.large_string()), "day": pa.array(DAYS, pa.string_view())},
    "dictionary": {"name": pa.array(TEXTS).dictionary_encode()},
    "dictionary of numbers": {"amount": pa.array([6, None, 1]).dictionary_encode()},
    "half": {"amount": pa.array(np.array([0.1, 6, 7], dtype="float16"))},
    "decimals": {"amount": pa.array([Decimal("0.1"), None, Decimal(6)], pa.decimal128(38, 10))},
    "wide decimals": {"amount": pa.array([Decimal("0.1"), None, Decimal(6)], pa.decimal256(60, 10))},
    "days": {"day": pa.array(DATES, pa.date32())},
    "times of a zone": {"day": pa.array(TIMES, pa.timestamp("s", "America/New_York"))},
    "times of a zone by nanosecond": {"day": pa.array([NIGHT, None, NIGHT], pa.timestamp("ns", "Asia/Tokyo"))},
    "nothing": {"amount": pa.nulls(3), "day": pa.nulls(3)},
    "no single values": {"amount": [[1.0], None], "name": [b"a", None]},
}
CASES = [
    *(pytest.param(pd.DataFrame(columns), id=f"pandas {name}") for name, columns in PANDAS.items()),
    *(pytest.param(pl.DataFrame(columns), id=f"polars {name}") for name, columns in POLARS.items()),
    *(pytest.param(pa.table(columns), id=f"arrow {name}") for name, columns in ARROW.items()),
]


def records(frame: Any) -> list[dict[str, Any]]:
    """The rows of a frame as its library gives them to Python, but for reals of four bytes: as NumPy gives those."""
    if isinstance(frame, pd.DataFrame):
        rows = [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]
        singles = [str(name) for name, dtype in frame.dtypes.items() if dtype == "float32"]
    else:
        rows = list(frame.to_dicts() if isinstance(frame, pl.DataFrame) else frame.to_pylist())
        singles = frame.select(cs.by_dtype(pl.Float32)).columns if isinstance(frame, pl.DataFrame) else []
    return [
        {name: np.float32(value) if name in singles and value is not None else value for name, value in row.items()}
        for row in rows
    ]


def known(value: Any) -> Any:
    """A value, or None for what each library puts where there is none."""
    return None if value is None or value is pd.NA or value != value else value


def expected(card: Scorecard, lead: dict[str, Any]) -> dict[str, Any]:
    """What a record scores by itself."""
    try:
        result = leadledger.score(card, lead, AS_OF)
    except LeadError as error:
        text = "; ".join(f"{problem.path.removeprefix('$.')}: {problem.reason}" for problem in error.problems)
        return dict.fromkeys([*ADDED, *(list_names(AXIS_COLUMNS) if card.card.axes else ())]) | {"problem": text}
    axes: dict[str, Any] = {axis.axis: axis.tenths / 10 for axis in result.axes}
    return {
        "score": result.score,
        "points": result.points,
        "probability": None if result.probability is None else pytest.approx(result.probability, rel=1e-12),
        "grade": result.grade,
        "recommendation": result.recommendation.verdict,
        "percentile": result.percentile,
        "problem": None,
        **({**axes, "axis_grades": result.axis_grades} if axes else {}),
    }


def check(card: Scorecard, frame: Any) -> None:
    """Holds every row of a scored frame against its record scored by itself."""
    scored = records(score_frame(card, frame, AS_OF, keep=[]))
    leads = records(frame)
    assert len(scored) == len(leads)
    for row, lead in zip(scored, leads, strict=True):
        assert {name: known(value) for name, value in row.items()} == expected(card, lead), lead


@pytest.mark.parametrize("frame", CASES)
def test_rows_score_as_their_records(frame: Any) -> None:
    """Whatever the type of a column, each row gets what `score` gives for it, or the same reason why not."""
    check(CARD, frame)


def check_apart(card: Scorecard, frame: Any) -> None:
    """As `check`, of frames that don't show how they write their numbers, which a record by itself can't do."""
    try:
        check(card, frame)
    except UserWarning:
        reject()


@pytest.mark.slow
@settings(max_examples=examples(12))
@given(card=scorecards() | scorecards_with_axes(), leads=st.lists(LEADS | RAW_LEADS, min_size=10, max_size=10))
def test_any_card_and_any_values(card: Scorecard, leads: list[dict[str, Any]]) -> None:
    """Columns of mixed Python objects score as their records, with any card."""
    check_apart(
        card, pd.DataFrame({name: pd.Series([lead[name] for lead in leads], dtype=object) for name in leads[0]})
    )


@pytest.mark.slow
@settings(max_examples=examples(8))
@given(leads=st.lists(RAW_LEADS, min_size=40, max_size=40))
def test_any_texts(leads: list[dict[str, Any]]) -> None:
    """Columns of raw texts score as their records in each library."""
    renamed = dict(zip(["n1", "t1", "t2", "f1", "d1"], ["amount", "name", "letter", "flag", "day"], strict=True))
    columns = {new: pa.array([lead[old] for lead in leads], pa.string()) for old, new in renamed.items()}
    table = pa.table(columns)
    for frame in (table, pl.from_arrow(table), table.to_pandas()):
        check_apart(CARD, frame)


def test_pandas_keeps_index_columns_and_types() -> None:
    """The index, the columns and their types stay as they are, and the frame that came in is not touched."""
    frame = pd.DataFrame(
        {"x": pd.Categorical([1, 2, 1]), "amount": [1, 6, "lots"], 7: [object(), None, 1]}, index=[5, 5, 1]
    )
    before = frame.copy()
    scored = score_frame(CARD, frame, AS_OF)
    pd.testing.assert_frame_equal(frame, before)
    pd.testing.assert_frame_equal(scored[["x", "amount", 7]], before)
    assert list(scored.columns) == ["x", "amount", 7, *ADDED]
    types = scored[ADDED].dtypes.astype(str).tolist()
    assert types == ["Int32", "float64", "float64", "str", "str", "Int32", "str"]
    fine = score_frame(CARD, frame.iloc[:1], AS_OF)[ADDED]
    assert fine.dtypes.astype(str).tolist() == types
    assert scored["problem"].tolist()[2] == "amount: 'lots' is not a number; write it like 25000, 2.5 or 1e6"


def test_kept_columns_share_memory() -> None:
    """A frame's own columns are not copied."""
    frame = pd.DataFrame({"amount": np.arange(1000.0)})
    assert np.shares_memory(score_frame(CARD, frame, AS_OF)["amount"].to_numpy(), frame["amount"].to_numpy())
    table = pa.table({"amount": frame["amount"].to_numpy()})
    kept = score_frame(CARD, table, AS_OF).column("amount").chunk(0)
    assert kept.buffers()[1].address == table.column("amount").chunk(0).buffers()[1].address


def test_same_kind_comes_out() -> None:
    """Each kind of frame comes back as it went in, the lazy one lazy, the reader a reader."""
    data = {"x": [1, 2, 3], "amount": [1, 6, None]}
    table = pa.table(data)
    eager = score_frame(CARD, pl.DataFrame(data), AS_OF, prefix="lead_")
    assert eager.columns == ["x", "amount", *(f"lead_{name}" for name in ADDED)]
    lazy = score_frame(CARD, pl.LazyFrame(data), AS_OF, prefix="lead_")
    assert isinstance(lazy, pl.LazyFrame)
    assert lazy.collect_schema() == eager.schema
    assert lazy.collect().equals(eager)
    assert lazy.filter(pl.col("amount") > 5).select("lead_points").collect().rows() == [(eager["lead_points"][1],)]
    scored = score_frame(CARD, table, AS_OF)
    assert isinstance(scored, pa.Table)
    reader = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=1))
    stream = score_frame(CARD, reader, AS_OF)
    assert isinstance(stream, pa.RecordBatchReader)
    assert stream.schema == scored.schema
    assert stream.read_all().equals(scored)


@pytest.mark.slow
def test_a_reader_is_read_as_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream is scored part by part: no more of it is read than its result is."""
    monkeypatch.setattr(frames, "ROWS_PER_BATCH", 100)
    schema = pa.schema({"amount": pa.float64()})
    read = []

    def batches() -> Any:
        for part in range(50):
            read.append(part)
            yield pa.record_batch([pa.array([float(part)] * 60)], schema=schema)

    stream = score_frame(CARD, pa.RecordBatchReader.from_batches(schema, batches()), AS_OF)
    assert read == []
    first = stream.read_next_batch()
    assert first.column("amount")[0].as_py() == 0
    assert len(read) == 2
    rest = stream.read_all()
    assert rest.num_rows + first.num_rows == 50 * 60
    assert rest.column("amount").to_pylist()[-1] == 49


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["pandas", "polars", "arrow"])
def test_rows_keep_their_order(kind: str) -> None:
    """Many rows, which several threads score, come back in their order, whatever lists the card has."""
    countries = [f"country {i}" for i in range(40)]
    card = Scorecard(
        parse_card(
            "name: order\nfields: {day: {kind: date}, country: {kind: text}}\nrules:\n"
            "- {name: far, when: day is not null, points: 100, half_life: 1000 days of day, reason: Far}\n"
            "- {name: near, points: 3, reason: Near, when: "
            f'"country in ({", ".join(map(repr, countries[:20]))})"}}\n'
        ),
        Learned(),
    )
    drawn = np.random.default_rng(7)
    ages, places = drawn.integers(0, 9000, 400_000), drawn.integers(0, 40, 400_000)
    days = np.datetime64(AS_OF) - ages
    table = pa.table({"age": ages, "day": pa.array(days), "country": pa.array(np.array(countries)[places])})
    frame: Any = {"pandas": table.to_pandas, "polars": lambda: pl.from_arrow(table), "arrow": lambda: table}[kind]()
    points = np.asarray(score_frame(card, frame, AS_OF)["points"])
    by_age = {
        int(age): leadledger.score(card, {"day": AS_OF - timedelta(days=int(age))}, AS_OF).tenths for age in set(ages)
    }
    wanted = [by_age[age] + 30 * (place < 20) for age, place in zip(ages.tolist(), places.tolist(), strict=True)]
    assert (points == np.array(wanted) / 10).all()


@pytest.mark.parametrize(
    "empty", [pd.DataFrame({"amount": []}), pl.DataFrame({"amount": []}), pa.table({"amount": []})]
)
def test_no_rows(empty: Any) -> None:
    """A frame without rows comes back without rows, with all its columns."""
    scored = score_frame(CARD, empty, AS_OF)
    assert list(getattr(scored, "column_names", None) or scored.columns) == ["amount", *ADDED]
    assert len(scored) == 0


def test_explain_adds_reasons() -> None:
    """With `explain`, the standard error of the points and the most telling entries come along."""
    frame = pl.DataFrame({"amount": ["7", "x"], "flag": [False, None]})
    scored = score_frame(CARD, frame, AS_OF, explain=True, keep=[])
    assert scored.columns == [*ADDED[:-1], PLUS_MINUS.name, *list_names(REASON_COLUMNS), "problem"]
    fine, bad = scored.to_dicts()
    assert [fine[name] for name in list_names(REASON_COLUMNS) if fine[name]] == [
        "+51.2 No day",
        "+3.2 Nameless",
        "+0.1 Much",
        "−12.8 Not flagged",
    ]
    assert [name for name, value in bad.items() if value is not None] == ["problem"]


REFUSED: dict[str, tuple[Any, dict[str, Any], str]] = {
    "no frame": (
        [{"amount": 1}],
        {},
        "a list can't be scored as a frame; give a pandas, Polars or Spark DataFrame, a Polars LazyFrame, a pyarrow"
        " Table or a RecordBatchReader",
    ),
    "no column of the card": (
        pl.DataFrame({"amuont": [1]}),
        {},
        "the data frame: no column belongs to the card 'frames', the first is 'amuont'; rename the columns, or name"
        " them under `from:` in the card. Did you mean 'amount'?",
    ),
    "no column": (
        pa.table({}),
        {},
        "the data frame: no column belongs to the card 'frames', it has none; rename the columns, or name them under"
        " `from:` in the card.",
    ),
    "twice": (
        pd.DataFrame([[1, 2]], columns=["amount", "amount"]),
        {},
        "the data frame: has two columns 'amount'; drop one, or rename it",
    ),
    "twice, but for the case": (
        pl.LazyFrame({"amount": [1], "Amount": [2]}),
        {},
        "the data frame: the columns 'amount' and 'Amount' differ only in case; drop one, or rename it",
    ),
    "kept and not there": (
        pa.table({"amount": [1], "owner": [1]}),
        {"keep": ["amount", "ownr"]},
        "the data frame: has no column 'ownr' to keep. Did you mean 'owner'?",
    ),
    "there already": (
        pl.DataFrame({"amount": [1], "score": [1]}),
        {},
        "the data frame: has a column 'score' already; give the new ones another name, as in prefix='lead_', or leave"
        " it out of `keep`",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_frames(case: str) -> None:
    """A frame that can't be scored is refused with what is wrong and how to mend it, the lazy one at once."""
    frame, options, text = REFUSED[case]
    with pytest.raises(DataError) as error:
        score_frame(CARD, frame, AS_OF, **options)
    assert str(error.value) == text
