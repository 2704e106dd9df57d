"""What a lead needs for the stage ahead, in words: what is met, what isn't, and what isn't known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from leadledger.api.pages.desk.subjects import begin
from leadledger.api.pages.desk.values import UNKNOWN, word_value
from leadledger.api.wording.figures import word_chance
from leadledger.api.wording.recommendations import word_stage
from leadledger.scoring.criterion import Criterion
from leadledger.scoring.probability import compute_probability
from leadledger.scoring.result import Result, State, format_unsigned
from leadledger.scoring.scorecard import Scorecard
from leadledger.scoring.tree import Typed


@dataclass(frozen=True)
class Need:
    """Something that the stage ahead asks: whether it is met, and by what. `is_required`: it holds a lead back."""

    text: str
    state: State
    detail: str
    is_required: bool


@dataclass(frozen=True)
class Needs:
    """What the stage ahead asks, the required first; `stage` is empty where nothing is left to decide."""

    stage: str
    needs: tuple[Need, ...]
    closed: str  # why nobody is promoted at present; empty


def list_needs(result: Result, card: Scorecard, values: Mapping[str, Typed]) -> Needs:
    """What the stage ahead of a lead asks of it; `values` are the typed values of its plain fields."""
    advice = result.recommendation
    _, gate = card.find_gate(advice.at)
    required = set() if gate is None else {card.required[i].name for i in gate.requires}
    needs = [*_list_criteria(result, card, values, required)]
    if advice.threshold is not None:
        state: State = "met" if result.tenths >= advice.threshold else "unmet"
        chance = word_chance(compute_probability(card.learned.base_rate, advice.threshold))
        text = f"{chance} chance or more" if chance else f"{format_unsigned(advice.threshold)} points or more"
        detail = f"{format_unsigned(result.tenths)} points of {format_unsigned(advice.threshold)}"
        needs.append(Need(text, state, detail, True))
    needs.sort(key=lambda need: not need.is_required)
    stage = "" if gate is None else word_stage(gate.to)
    return Needs(stage, tuple(needs), "" if gate is None else gate.threshold.closed)


def _list_criteria(result: Result, card: Scorecard, values: Mapping[str, Typed], required: set[str]) -> Iterator[Need]:
    states = dict(result.recommendation.criteria)
    grades = {score.axis: score.grade for score in result.axes}
    for asked in card.required:
        state = states.get(asked.name, "unknown")
        if isinstance(asked, Criterion):
            names = card.card.find_plain_fields(asked.met.fields)
            known = [name for name in names if values.get(name) is not None]
            words = [word_value(card.card.fields[name], values[name], result.as_of) for name in known]
            detail = "; ".join(words) if state != "unknown" else _word_missing(card, names, values)
        else:
            detail = f"grade {grades.get(asked.axis, '?')}"
        yield Need(begin(asked.title), state, detail, asked.name in required)


def _word_missing(card: Scorecard, names: tuple[str, ...], values: Mapping[str, Typed]) -> str:
    missing = [card.card.fields[name].title for name in names if values.get(name) is None]
    return f"{', '.join(missing)}: {UNKNOWN}" if missing else UNKNOWN
