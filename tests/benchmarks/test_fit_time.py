"""The benchmark of our fit and training beside CatBoost's fit, in the small."""

from __future__ import annotations

import json

import pytest

from benchmarks import fit_time
from benchmarks.fit_time import learnable, main, simulate


def test_a_history_has_sixteen_fields_of_three_kinds() -> None:
    """The same seed gives the same leads; texts and numbers have gaps, and about a fifth of the leads is won."""
    history = simulate(2_000)
    assert history.equals(simulate(2_000))
    assert not history.equals(simulate(2_000, seed=1))
    fields = history[learnable(history)]
    assert sorted(fields.dtypes.astype(str).value_counts()) == [3, 5, 8]
    assert fields.isna().any().sum() == 10
    assert 0.15 < history["won_on"].notna().mean() < 0.3


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.slow
def test_times_are_printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A line for each work, and whether it keeps to its ratio; or JSON."""
    monkeypatch.setitem(fit_time.WORK, "catboost", lambda history: sum(range(100_000)))
    main(["--leads", "1500", "--repeats", "1"])
    output = capsys.readouterr().out.splitlines()
    assert output[0] == "1,500 leads, 16 fields"
    assert [line[:28].strip() for line in output[2:5]] == list(fit_time.TITLES.values())
    assert output[5:] == [
        "our fit: NOT within 1 times CatBoost's",
        "our whole training: NOT within 2.5 times CatBoost's",
    ]
    monkeypatch.setattr(fit_time, "WORK", {name: fit_time.WORK["catboost"] for name in fit_time.WORK})
    main(["--leads", "100", "--json"])
    assert [row["work"] for row in json.loads(capsys.readouterr().out)] == ["catboost", "fit", "training"]
