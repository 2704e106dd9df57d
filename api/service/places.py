"""The places of leads among all that are known, and how many have each recommendation, kept for some seconds."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leadledger.api.service.history import read_log
from leadledger.api.service.service import DecisionLog, Service
from leadledger.scoring.outputs import Verdict


@dataclass(frozen=True)
class LeadPlaces:
    """`losses` are the totals of leads with their sign turned, in order; `better` how many leads have more.

    `leads` are all, `verdicts` those with each recommendation.
    """

    losses: Sequence[int]
    better: Sequence[int]
    leads: int
    verdicts: Mapping[Verdict, int]

    def find(self, tenths: int) -> int:
        """The place of a total, from 1; leads with as many points share one."""
        index = bisect_left(self.losses, -tenths)
        return 1 + (self.better[index] if index < len(self.better) else self.leads)


async def read_places(service: Service) -> LeadPlaces:
    """The places of a moment ago. Raises Refusal."""

    def read(log: DecisionLog) -> LeadPlaces:
        from leadledger.api.log.today_figures import TodayFigures

        verdicts, totals = Counter[Verdict](), Counter[int]()
        for verdict, tenths, leads in TodayFigures(log.store.engine).count_totals():
            verdicts[verdict] += leads
            totals[tenths] += leads
        losses, better, before = [], [], 0
        for tenths in sorted(totals, reverse=True):
            losses.append(-tenths)
            better.append(before)
            before += totals[tenths]
        return LeadPlaces(losses, better, before, verdicts)

    async def work_out() -> LeadPlaces:
        return await read_log(service, read)

    places: LeadPlaces = await service.kept_answers.get("places", work_out)
    return places
