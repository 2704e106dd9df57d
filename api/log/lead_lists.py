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

    `owner` is empty for leads whose owner isn't known. `snoozed`: whether the lead is snoozed on the day `today`.
    `id_start` is how the id begins. `fields` are the values of fields by name, as `encode_input` writes them (None:
    unknown).
    """

    recommendations: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    owner: str | None = None
    snoozed: bool | None = None
    today: str = ""
    id_start: str = ""
    fields: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True)
class LeadList:
    """A page of a list of leads: which leads, in which order, after which place (None: the first page), how many."""

    filters: LeadFilters = LeadFilters()
    order: LeadOrder = "points"
    descending: bool = True
    after: LeadPosition | None = None
    limit: int = 50


class LeadPage(NamedTuple):
    """Leads in their order, and after which place the next page begins; None: there is none."""

    rows: list[BookRow]
    end: LeadPosition | None
