"""The shipped rule for mail scanners, on the simulated gateways and people of examples/b2b-software."""

from __future__ import annotations

import pytest

from benchmarks.machine_clicks import SIGNS, draw_clicks, main, mark


@pytest.fixture(scope="module")
def clicks():
    """The clicks of some leads."""
    return draw_clicks(2_500, seed=11)


@pytest.mark.slow
@pytest.mark.parametrize(("properties", "share"), [(SIGNS[-1], 0.95), (SIGNS[0], 0.90)])
def test_machines_are_marked_and_people_are_not(clicks, properties, share):
    """Of gateways' clicks at least 95 % are marked, where all is known of them, of people's at most 1 %."""
    marks = mark(clicks, properties)
    assert clicks["machine"].sum() > 8_000
    assert (~clicks["machine"]).sum() > 1_000
    assert marks[clicks["machine"]].mean() >= share
    assert marks[~clicks["machine"]].mean() <= 0.01


@pytest.mark.slow
def test_the_benchmark_prints_both_shares(capsys):
    """The benchmark has a line for each set of signs."""
    main(["--leads", "200"])
    assert len(capsys.readouterr().out.splitlines()) == 1 + len(SIGNS)
