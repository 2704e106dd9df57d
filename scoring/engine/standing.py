"""Where a lead stands, and what to do with it: by its points, then by the draw of its stage and by what it remembers.

Most of that follows from the stage, the criteria and the exclusions of a lead, whatever its points. A card tells few
such standings apart, so each is worked out once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple, TypeAlias

from leadledger.scoring.advice import Advice, advise
from leadledger.scoring.exploration import Chance, explore, find_lead_key
from leadledger.scoring.gate import Gate, decide
from leadledger.scoring.known_results import KnownResults
from leadledger.scoring.memory import Memory, read_memory
from leadledger.scoring.outputs import Verdict
from leadledger.scoring.result import State
from leadledger.scoring.scorecard import Scorecard

NO_STAGES = "the card has no stages"
NOTHING_TO_DECIDE = "nothing is left to decide by points at this stage"
ANY_TOTAL = -(1 << 62)  # below every total
_STATES: dict[bool | None, State] = {True: "met", False: "unmet", None: "unknown"}

# The value of the field `stage`, the criteria in the order of `Scorecard.required`, and whether an exclusion is true.
StandingKey: TypeAlias = tuple[object, tuple[bool | None, ...], bool]


class Decision(NamedTuple):  # made for each result, and for each day of a forecast
    """What to do with a lead: the verdict, and the stage that it is about.

    `advice` is what memory makes of the verdict; None of a card that remembers nothing. `chance` is what the draw makes
    of it; None where the card explores nothing. `propensity` (0..1) is the probability with which it was to be
    promoted; None there, too.
    """

    verdict: Verdict
    to: str
    advice: Advice | None = None
    chance: Chance | None = None
    propensity: float | None = None

    @property
    def memory(self) -> Memory:
        """What the next look must remember of it."""
        if self.advice is None:
            return Memory(self.verdict, self.to)
        return Memory(self.verdict, self.to, self.advice.since, self.advice.below_since)


@dataclass(frozen=True, slots=True)
class LeadStanding:
    """What follows from a lead's stage, criteria and exclusions, whatever its points.

    `gate` is the one before it; None where nothing is left to decide. `asked` are the required criteria that are
    unknown. The total decides by `limit` (tenths): `decisions` are those of a total at the limit, of one that answers
    could bring there, and of one below that. In sentences: which required criteria are `unmet`, which are `unknown`,
    and why the gate is `closed`, whatever these are.
    """

    at: str
    gate: Gate | None
    criteria: tuple[bool | None, ...]
    states: tuple[tuple[str, State], ...]
    asked: tuple[int, ...]
    limit: int
    decisions: tuple[Decision, ...]
    unmet: tuple[str, ...]
    unknown: tuple[str, ...]
    closed: tuple[str, ...]


class DecisionMaker:
    """The gates of a card, made ready: its standings, and what to do with the leads that have them."""

    def __init__(self, card: Scorecard) -> None:
        self._card = card
        self._explores = card.card.explores
        self._remembers = bool(card.card.memory_fields)
        self.standings: Mapping[StandingKey, LeadStanding] = KnownResults(self._find_standing)

    def _find_standing(self, key: StandingKey) -> LeadStanding:
        stage, criteria, is_excluded = key
        at, gate = self._card.find_gate(stage)
        required = self._card.required
        states = tuple([(asked.name, _STATES[met]) for asked, met in zip(required, criteria, strict=True)])
        if gate is None:
            decision = Decision(decide(None, criteria, is_excluded, 0, 0), at)
            closed = NOTHING_TO_DECIDE if self._card.card.stages else NO_STAGES
            return LeadStanding(at, None, criteria, states, (), ANY_TOTAL, (decision,), (), (), (closed,))
        threshold = gate.threshold
        limit = ANY_TOTAL if threshold.closed or threshold.points is None else threshold.points
        verdicts = [
            decide(gate, criteria, is_excluded, total, high)
            for total, high in ((limit, limit), (limit - 1, limit), (limit - 1, limit - 1))
        ]
        asked = tuple([i for i in gate.requires if criteria[i] is None])
        return LeadStanding(
            at,
            gate,
            criteria,
            states,
            asked,
            limit,
            tuple([Decision(verdict, at if verdict == "disqualify" else gate.to) for verdict in verdicts]),
            tuple([f"{required[i].title} is not met" for i in gate.requires if criteria[i] is False]),
            tuple([f"{required[i].title} is not known" for i in asked]),
            (threshold.closed,) if threshold.closed else (),
        )

    def decide(self, standing: LeadStanding, total: int, high: int, values: Mapping[str, Any], as_of: date) -> Decision:
        """What to do with a lead with a standing; `total` and `high` are those of its tally."""
        limit = standing.limit
        decision = standing.decisions[0 if total >= limit else 1 if high >= limit else 2]
        if not self._explores and not self._remembers:
            return decision
        verdict, to, *_ = decision
        chance = self._explore(standing, verdict, total, values) if self._explores else None
        if chance is not None:
            verdict = chance.verdict
        propensity = None if chance is None else chance.propensity
        advice: Advice | None = None
        if self._remembers:
            gate, memory = standing.gate, read_memory(values)
            advice = advise(verdict, gate, to, standing.criteria, total, memory, as_of, _find_break(gate, values))
            verdict = advice.verdict
            propensity = None if propensity is None else advice.weigh(propensity)
        return Decision(verdict, to, advice, chance, propensity)

    def _explore(self, standing: LeadStanding, advice: Verdict, total: int, values: Mapping[str, Any]) -> Chance:
        """The verdict of a lead that may be drawn, and the probability with which it was to be promoted."""
        gate = standing.gate
        if gate is None:
            return explore(None, advice, None, (), total, None)
        threshold = None if gate.threshold.closed else gate.threshold.points
        required = [standing.criteria[i] for i in gate.requires]
        lead_key = find_lead_key(self._card.card.plain_fields, values)
        return explore(gate.exploration, advice, threshold, required, total, lead_key)


def _find_break(gate: Gate | None, values: Mapping[str, Any]) -> date | None:
    """The day in the field that ends the cool-down of a gate; None where there is none, or it isn't known."""
    unless = gate.cool_down.unless if gate is not None and gate.cool_down is not None else ""
    day = values.get(unless) if unless else None
    return day if isinstance(day, date) else None
