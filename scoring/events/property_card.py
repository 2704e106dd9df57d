"""The properties of a kind as a small card of their own, by which its subsets and its machines are found."""

from __future__ import annotations

from leadledger.scoring.criterion import Criterion
from leadledger.scoring.event_kind import EventKind
from leadledger.scoring.scorecard import Card, Learned, Scorecard


def make_property_card(kind: EventKind, card: Card) -> Scorecard:
    """The small card of a kind that is no subset: its conditions are spelt and compiled as all others.

    Its fields are the properties of the kind, its criteria the subsets of it, each by its name, and under the name of
    the kind what tells its machines.
    """
    criteria = [
        Criterion(other.name, other.when)
        for other in card.events.values()
        if other.root == kind.name and other.when is not None
    ]
    if kind.machine is not None:
        criteria.append(Criterion(kind.name, kind.machine))
    small = Card(kind.name, kind.properties, tuple(criteria), missing=card.missing, time_zone=card.time_zone)
    return Scorecard(small, Learned())
