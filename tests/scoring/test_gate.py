"""The gate: which recommendation follows from criteria, exclusions, and the points now and at best."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadledger.scoring.gate import Capacity, DealValue, Gate, Stage, Threshold, decide
from leadledger.scoring.outputs import Verdict
from leadledger.scoring.scorecard import Card

MET, UNMET, UNKNOWN = True, False, None

# The third criterion of the card is required by no gate here.
FREE = Gate("contact", "lead", (0, 1), Threshold())
LINED = Gate("lead", "opportunity", (0, 1), Threshold(650))
POINTS_ONLY = Gate("lead", "opportunity", (), Threshold(650))
CLOSED = Gate("lead", "opportunity", (0, 1), Threshold(closed="no threshold can promise 0.70"))

# gate, criteria, excluded, points now, points at best: what to do, and why
VERDICTS: list[tuple[Gate | None, tuple[bool | None, ...], bool, int, int, Verdict, str]] = [
    (FREE, (MET, MET, MET), False, 500, 500, "promote", "all that is required is met"),
    (FREE, (MET, MET, UNMET), False, 500, 500, "promote", "what is not required never holds back"),
    (FREE, (MET, MET, UNKNOWN), False, 500, 500, "promote", "nor does it when it is unknown"),
    (FREE, (MET, UNKNOWN, MET), False, 500, 500, "ask", "an answer can settle it"),
    (FREE, (UNKNOWN, UNKNOWN, MET), False, 500, 500, "ask", "two answers can"),
    (FREE, (MET, UNMET, MET), False, 500, 500, "nurture", "one that is required is not met"),
    (FREE, (UNKNOWN, UNMET, MET), False, 500, 500, "nurture", "no answer can mend the one that is unmet"),
    (FREE, (MET, MET, MET), False, -300, -300, "promote", "without a line points don't matter"),
    (LINED, (MET, MET, MET), False, 650, 650, "promote", "the line is reached"),
    (LINED, (MET, MET, MET), False, 649, 649, "nurture", "a tenth short, and nothing is open"),
    (LINED, (MET, MET, MET), False, 649, 650, "ask", "answers could bring the tenth"),
    (LINED, (MET, MET, MET), False, 500, 649, "nurture", "not even the best answers reach the line"),
    (LINED, (MET, UNKNOWN, MET), False, 650, 650, "ask", "points suffice, a criterion is open"),
    (LINED, (MET, UNKNOWN, MET), False, 600, 700, "ask", "both are open"),
    (LINED, (MET, UNKNOWN, MET), False, 600, 640, "nurture", "the criterion may be met, the line can't be reached"),
    (LINED, (MET, UNMET, MET), False, 900, 900, "nurture", "points never make up for a criterion"),
    (POINTS_ONLY, (UNMET, UNMET, UNMET), False, 650, 650, "promote", "the line alone decides"),
    (POINTS_ONLY, (UNKNOWN, UNKNOWN, UNKNOWN), False, 649, 900, "ask", "the line alone decides, and is in reach"),
    (CLOSED, (MET, MET, MET), False, 990, 990, "keep", "no line can hold the promise, so nobody passes"),
    (CLOSED, (MET, UNKNOWN, MET), False, 990, 990, "keep", "nor would an answer help"),
    (CLOSED, (MET, UNMET, MET), False, 990, 990, "nurture", "what is unmet is reported first"),
    (None, (UNMET, UNMET, UNMET), False, 990, 990, "keep", "nothing is left to decide"),
    (FREE, (MET, MET, MET), True, 990, 990, "disqualify", "an exclusion beats all points and criteria"),
    (LINED, (UNKNOWN, MET, MET), True, 500, 900, "disqualify", "and all questions"),
    (None, (), True, 500, 500, "disqualify", "at any stage"),
]


@pytest.mark.parametrize(("gate", "criteria", "excluded", "total", "high", "expected", "why"), VERDICTS)
def test_verdicts(
    gate: Gate | None,
    criteria: tuple[bool | None, ...],
    excluded: bool,
    total: int,
    high: int,
    expected: Verdict,
    why: str,
) -> None:
    """The recommendation is the one that the table names."""
    assert decide(gate, criteria, excluded, total, high) == expected, why


CRITERIA = st.tuples(*[st.sampled_from([MET, UNMET, UNKNOWN])] * 3)
GATES = st.sampled_from([FREE, LINED, POINTS_ONLY, CLOSED, None])


@given(gate=GATES, criteria=CRITERIA, total=st.integers(-500, 1500), more=st.integers(0, 500))
def test_more_points_never_hurt(gate: Gate | None, criteria: tuple[bool | None, ...], total: int, more: int) -> None:
    """A lead that is promoted stays so with more points."""
    if decide(gate, criteria, False, total, total) == "promote":
        assert decide(gate, criteria, False, total + more, total + more) == "promote"


@given(gate=GATES, criteria=CRITERIA, total=st.integers(-500, 1500), more=st.integers(0, 500))
def test_whoever_is_asked_can_still_be_promoted(
    gate: Gate | None, criteria: tuple[bool | None, ...], total: int, more: int
) -> None:
    """`ask` means that the best answers would promote, and `nurture` that no answers would."""
    high = total + more
    best = tuple(True if criterion is None else criterion for criterion in criteria)
    now = decide(gate, criteria, False, total, high)
    if now == "ask":
        assert decide(gate, best, False, high, high) == "promote"
    if now == "nurture":
        assert decide(gate, best, False, high, high) == "nurture"


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        (Stage("contact"), False),
        (Stage("lead", requires=("need",)), True),
        (Stage("lead", points=0), True),
        (Stage("lead", precision=0.7), True),
        (Stage("lead", capacity=Capacity(40, "week")), True),
        (Stage("lead", value=DealValue(9000, 120)), True),
        (Stage("lead", confidence=0.5), False),
    ],
)
def test_has_gate(stage: Stage, expected: bool) -> None:
    """A stage has a gate if there is something to decide at its entrance; a threshold at 0 points is one."""
    assert stage.has_gate is expected


@pytest.mark.parametrize(
    "asks",
    [{"points": 0}, {"precision": 0.7}, {"capacity": Capacity(40, "week")}, {"value": DealValue(9000, 120)}],
    ids=lambda asks: next(iter(asks)),
)
def test_the_first_stage_with_a_line_is_the_target(asks: dict[str, Any]) -> None:
    """However a stage gets its threshold, scores predict it, and a lead that names no stage stands in front of it."""
    stages = (Stage("contact"), Stage("lead", requires=("need",)), Stage("opportunity", **asks), Stage("customer"))
    card = Card("a", {}, stages=stages)
    assert card.predicted_stage is stages[2]
    assert card.default_stage == "lead"


def test_a_promotion_pays_from_cost_over_won() -> None:
    """At the least probability, what an opportunity brings on average is what the promotion costs."""
    assert DealValue(9000, 120).least * 9000 == pytest.approx(120)


def test_a_capacity_reads_as_it_is_written() -> None:
    """Its text is that of the card."""
    assert str(Capacity(40, "week")) == "40 per week"
