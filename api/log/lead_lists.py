"""Lists of leads: which leads of the book, in which order, from where on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias, get_args

from leadledger.api.log.book_rows import BookRow

LeadOrder: TypeAlias = Literal["points", "probability", "change", "since", "id"]
LEAD_ORDERS: tuple[LeadOrder, ...] = get_args(LeadOrder)
UNKNOWN_PROBABILITY = -1.0  # where leads without one stand in the order: below all others


class LeadPosition(NamedTuple):
    """A place in an ordered list: the value that orders, and the key of the lead."""

    value: int | float | str
    key: str


@dataclass(frozen=True)
class LeadFilters:
    """Which leads of the book are wanted. Empty tuples, an empty text and None: any.

    `stages` are where leads stand, `to_stages` those that the recommendations are about.
    `owner` is empty for leads whose owner isn't known. `snoozed`: whether the lead is snoozed on the day `today`.
    `id_start` is how the id begins; `search` is how the id, or some words of the title, begin. `new_since` is the first
    day from which the recommendation may have stood, `back_by` the last to which sales may have put the lead off, from
    `today` on. `waits`: whether sales has said nothing since the recommendation stands,
    `rejected`: whether it has rejected the lead since. `keys`: of these leads alone.
    `fields` are the values of fields by name, as `encode_input` writes them (None: unknown).
    """

    recommendations: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    to_stages: tuple[str, ...] = ()
    owner: str | None = None
    snoozed: bool | None = None
    today: str = ""
    id_start: str = ""
    search: str = ""
    new_since: str = ""
    back_by: str = ""
    waits: bool | None = None
    rejected: bool | None = None
    keys: tuple[str, ...] | None = None
    fields: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True)
class LeadList:
    """A page of a list of leads: which leads, in which order, after which place (None: the first page), how many.

    `detailed`: whether each is to come with what explains it.
    """

    filters: LeadFilters = LeadFilters()
    order: LeadOrder = "points"
    descending: bool = True
    after: LeadPosition | None = None
    limit: int = 50
    detailed: bool = False


class LeadPage(NamedTuple):
    """Leads in their order, and after which place the next page begins; None: there is none."""

    rows: list[BookRow]
    end: LeadPosition | None
