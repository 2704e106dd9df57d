"""The places of leads among all that are known, and how many have each recommendation, kept for some seconds."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leadledger.api.service.history import read_log
from leadledger.api.service.service import DecisionLog, Service
from leadledger.scoring.outputs import Verdict
from leadledger.scoring.scorecard import Card


@dataclass(frozen=True)
class LeadPlaces:
    """`losses` are the totals of leads with their sign turned, in order; `better` how many leads have more.

    `leads` are all, `verdicts` those with each recommendation, `calls` those that are to be called.
    """

    losses: Sequence[int]
    better: Sequence[int]
    leads: int
    verdicts: Mapping[Verdict, int]
    calls: int

    def find(self, tenths: int) -> int:
        """The place of a total, from 1; leads with as many points share one."""
        index = bisect_left(self.losses, -tenths)
        return 1 + (self.better[index] if index < len(self.better) else self.leads)


async def read_places(service: Service, renewed_for: float | None = None) -> LeadPlaces:
    """The places of a moment ago, or (`renewed_for`) those of now, kept for so many seconds. Raises Refusal."""
    call_stages = list_call_stages(service.loaded.card.card)

    def read(log: DecisionLog) -> LeadPlaces:
        from leadledger.api.log.today_figures import TodayFigures

        verdicts, totals, calls = Counter[Verdict](), Counter[int](), 0
        for count in TodayFigures(log.store.engine).count_totals(call_stages):
            verdicts[count.verdict] += count.leads
            totals[count.tenths] += count.leads
            calls += count.calls if count.verdict == "promote" else 0
        losses, better, before = [], [], 0
        for tenths in sorted(totals, reverse=True):
            losses.append(-tenths)
            better.append(before)
            before += totals[tenths]
        return LeadPlaces(losses, better, before, verdicts, calls)

    async def work_out() -> LeadPlaces:
        return await read_log(service, read)

    places: LeadPlaces = await service.kept_answers.get(("places", call_stages), work_out, renewed_for)
    return places


def list_call_stages(card: Card) -> tuple[str, ...]:
    """The stages to which a promoted lead is to be called: that which scores predict. None: those to any.

    A promotion to an earlier stage says that a lead may be called one, now that it meets what the stage requires.
    """
    stage = card.predicted_stage
    return () if stage is None else (stage.name,)
