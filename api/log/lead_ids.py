"""All ids of a lead: those that joins lead to, each with the time from which that was known.

A join is a row, and what follows from all of them is worked out whenever a lead is read. So it doesn't matter in which
order they arrived, and a join that arrives later doesn't change what was known before.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from leadledger.api.log.event_rows import JoinRow
from leadledger.api.log.record import make_storable
from leadledger.scoring.lead_ids import find_id_key
from leadledger.scoring.text_forms import WHITE_SPACE

FetchJoins = Callable[[Sequence[str]], Iterable[JoinRow]]  # the joins that name one of some ids


def clean_id(lead: str) -> str:
    """A lead's id as the log holds it."""
    return make_storable(lead.strip(WHITE_SPACE))


def find_ids(leads: Iterable[str], fetch: FetchJoins) -> dict[str, dict[str, str]]:
    """The keys of all ids of each lead (by the key of its id), with the time from which each was known (empty: always).

    An alias makes two ids one. From a lead, `identify` leads to an id that it had while it was not known, but never
    from there to another lead: two people at one computer stay two.
    """
    starts = list(dict.fromkeys(map(find_id_key, leads)))
    steps: dict[str, list[tuple[str, str]]] = defaultdict(list)
    seen, fresh = set(starts), starts
    while fresh:
        reached: set[str] = set()
        for join in fetch(fresh):
            lead, other = find_id_key(join.lead), find_id_key(join.other)
            steps[lead].append((other, join.received))
            reached.add(other)
            if join.verb == "alias":
                steps[other].append((lead, join.received))
                reached.add(lead)
        fresh = sorted(reached - seen)
        seen |= reached
    return {lead: _follow(lead, steps) for lead in starts}


def _follow(start: str, steps: Mapping[str, Sequence[tuple[str, str]]]) -> dict[str, str]:
    """The ids that can be reached from one, each by the path whose last join was received first."""
    since: dict[str, str] = {}
    waiting = [("", start)]
    while waiting:
        known, lead = heapq.heappop(waiting)
        if lead in since:
            continue
        since[lead] = known
        for other, received in steps.get(lead, ()):
            if other not in since:
                heapq.heappush(waiting, (max(known, received), other))
    return since
