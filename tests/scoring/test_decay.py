"""Decay: points in whole tenths, the staircase of a rule that decays, and what trust makes of them."""

from __future__ import annotations

from decimal import Decimal, localcontext

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leadledger.scoring.decay import Steps, decay, scale_points
from tests.effort import examples

POINTS = st.integers(-1000, 1000)
TRUST = st.one_of(st.sampled_from([0.0, 1.0, 0.5, 0.05, 1e-9]), st.floats(0, 1))
HALF_LIFE = st.one_of(st.sampled_from([1, 7, 14, 365]), st.integers(1, 99_999))


def exact(points: int, trust: float, half_life: int, day: int) -> Decimal:
    """Points times trust, halved every half-life, with 60 digits and without rounding."""
    with localcontext(prec=60):
        return abs(points) * Decimal(trust) * Decimal(2) ** (Decimal(-day) / Decimal(half_life))


def is_rounded(steps: int, value: Decimal) -> bool:
    """Whether whole tenths are a value to the nearest; within a billionth of a half either neighbour will do."""
    return abs(abs(steps) - value) <= Decimal("0.5") + Decimal("1e-9")


@given(points=POINTS, trust=TRUST, half_life=HALF_LIFE, day=st.integers(0, 2_000_000))
@example(points=120, trust=1.0, half_life=14, day=14)
@example(points=1, trust=0.5, half_life=1, day=0)
@example(points=1000, trust=1.0, half_life=99_999, day=1_096_562)
def test_staircase_is_the_formula(points: int, trust: float, half_life: int, day: int) -> None:
    """On every day the staircase is what the power of two says, to the nearest tenth."""
    steps = decay(points, trust, half_life)
    assert is_rounded(steps.at(day), exact(points, trust, half_life, day))


@settings(max_examples=examples(30))
@given(points=POINTS, trust=TRUST, half_life=HALF_LIFE)
def test_each_step_starts_on_its_first_day(points: int, trust: float, half_life: int) -> None:
    """At each edge the points change, the day before they don't yet, and they end at nothing."""
    steps = decay(points, trust, half_life)
    assert len(steps.points) == len(steps.edges) + 1
    assert steps.points[-1] == 0
    assert list(steps.edges) == sorted(set(steps.edges))
    assert [abs(tenths) for tenths in steps.points] == sorted({abs(tenths) for tenths in steps.points}, reverse=True)
    for edge, before, after in zip(steps.edges, steps.points, steps.points[1:], strict=False):
        assert steps.at(edge - 1) == before
        assert steps.at(edge) == after
        assert is_rounded(before, exact(points, trust, half_life, edge - 1))
        assert is_rounded(after, exact(points, trust, half_life, edge))


@given(points=POINTS, trust=TRUST, half_life=HALF_LIFE, ahead=st.integers(0, 10**7))
def test_fresh_and_future_days_earn_all(points: int, trust: float, half_life: int, ahead: int) -> None:
    """On the day itself, and for a day that is still to come, a rule earns what it would without decay."""
    assert decay(points, trust, half_life).at(-ahead) == scale_points(points, trust)


@given(points=POINTS, trust=TRUST, half_life=HALF_LIFE, day=st.integers(0, 10**6))
def test_loss_mirrors_gain(points: int, trust: float, half_life: int, day: int) -> None:
    """A rule that costs points loses them as one that earns as many."""
    assert decay(-points, trust, half_life).at(day) == -decay(points, trust, half_life).at(day)


def test_a_staircase_to_read() -> None:
    """0.4 points that halve every ten days are 0.3 from day 2, 0.2 from day 7, 0.1 from day 15, and gone on day 31."""
    assert decay(4, 1.0, 10) == Steps((2, 7, 15, 31), (4, 3, 2, 1, 0))


@pytest.mark.parametrize(
    ("points", "trust", "expected"),
    [
        (80, 1.0, 80),
        (80, 0.0, 0),
        (-80, 0.5, -40),
        (5, 0.5, 3),  # 2.5: halves go away from zero
        (-5, 0.5, -3),
        (5, 0.49, 2),
        (1, 0.1, 0),
        (-1, 0.1, 0),
        (1000, 0.333, 333),
        (0, 1.0, 0),
    ],
)
def test_scaled(points: int, trust: float, expected: int) -> None:
    """Points times trust are whole tenths, rounded alike on both sides of zero."""
    scaled = scale_points(points, trust)
    assert scaled == expected
    assert type(scaled) is int


@pytest.mark.parametrize(
    ("steps", "end"),
    [(Steps((30,), (5, 0)), 30), (Steps((), (0,)), 0), (Steps((), (3,)), None), (Steps((7,), (5, 2)), None)],
)
def test_end_of_a_staircase(steps: Steps, end: int | None) -> None:
    """A staircase ends on the day from which on it gives no points, if there is one."""
    assert steps.end == end
