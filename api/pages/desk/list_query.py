"""Which leads the desk shows: the views, the filters of the form, and the list that both ask of the book.

A view is an address, so that a browser's bookmark keeps it. The parameters are those of `GET /v1/leads`; `view` names
what they are narrowed from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal, NamedTuple, TypeAlias, get_args
from urllib.parse import urlencode

from leadledger.api.log.lead_lists import LeadList
from leadledger.api.requests.mistakes import Mistakes
from leadledger.api.service.lead_list import FIELD_PREFIX, LIST_PARAMETERS, read_lead_list
from leadledger.api.service.places import list_call_stages
from leadledger.api.service.today import ACTED_ON, DAYS_BACK, find_last_working_day
from leadledger.api.wording.recommendations import ACTIONS, with_article, word_stage
from leadledger.scoring.field import Field
from leadledger.scoring.lead_ids import find_id_key
from leadledger.scoring.outputs import VERDICTS
from leadledger.scoring.scorecard import Card, Scorecard

View: TypeAlias = Literal["act", "call", "ask", "back", "all", "new", "waiting", "leaving"]
VIEWS: tuple[View, ...] = get_args(View)
VIEW_NAMES: Mapping[View, str] = {
    "act": "To act on",
    "call": "Call now",
    "ask": "Ask first",
    "back": "Back this week",
    "all": "All",
    "new": "New to call",
    "waiting": "Waiting for an answer",
    "leaving": "About to leave",
}
USUAL_VIEW: View = "act"
LEADS_SHOWN = 25
NOBODY = "-"  # as an owner: leads without one
FIELDS_FILTERED = 2
FEWEST_OPTIONS, MOST_OPTIONS = 2, 40
# Of fields that could filter, people look for these first.
_FIRST_FIELDS = ("country", "region", "industry", "sector", "segment", "product")


class Option(NamedTuple):
    """A choice of a filter: what is sent, and what people read."""

    value: str
    text: str


@dataclass(frozen=True)
class Filter:
    """A filter of the form: its name, its label, its options (none: a text is typed), and what is chosen."""

    name: str
    label: str
    options: tuple[Option, ...]
    chosen: str

    @property
    def chosen_text(self) -> str:
        """What is chosen, as people read it."""
        return next((option.text for option in self.options if option.value == self.chosen), self.chosen)


@dataclass(frozen=True)
class DeskQuery:
    """What an address of the desk asks for: the view, and the parameters of the list that narrow it, each known."""

    view: View
    parameters: Mapping[str, str]

    def write(self, **changes: str | None) -> str:
        """The address of this query with some parameters changed; None or an empty text leaves one out."""
        kept = {**self.parameters, **changes}
        view = {} if self.view == USUAL_VIEW else {"view": self.view}
        pairs = {**view, **{name: text for name, text in kept.items() if text}}
        return f"/desk?{urlencode(pairs, errors='replace')}" if pairs else "/desk"

    def write_all(self) -> str:
        """The address of what its search finds among all leads."""
        return DeskQuery("all", {"search": self.parameters.get("search", "")}).write()

    @property
    def filters(self) -> dict[str, str]:
        """The parameters that leave leads out, without those that order the list and page it."""
        return {name: text for name, text in self.parameters.items() if name not in ("order", "direction", "after")}


def read_desk_query(pairs: Iterable[tuple[str, str]], card: Card) -> DeskQuery:
    """What an address asks for. Of a parameter that comes twice the last one counts; unknown ones are left out."""
    values = dict(pairs)
    view = values.get("view", USUAL_VIEW)
    fields = {f"{FIELD_PREFIX}{field.name}" for field in card.plain_fields}
    known = {name: text for name, text in values.items() if text and (name in LIST_PARAMETERS or name in fields)}
    for name in ("limit", "details"):
        known.pop(name, None)
    return DeskQuery(next((name for name in VIEWS if name == view), USUAL_VIEW), known)


def find_list(query: DeskQuery, card: Card, today: date, mistakes: Mistakes, leaving: Iterable[str] = ()) -> LeadList:
    """The list that a query asks of the book; mistakes are noted. `leaving` are the ids of leads about to leave."""
    parameters = {**_list_view_parameters(query.view, card, today), **query.parameters}
    if parameters.get("owner") == NOBODY:
        parameters["owner"] = ""
    wanted = read_lead_list([("limit", str(LEADS_SHOWN)), *parameters.items()], card, today, mistakes)
    if query.view == "leaving":
        keys = tuple(find_id_key(lead) for lead in leaving)
        wanted = replace(wanted, filters=replace(wanted.filters, keys=keys))
    return replace(wanted, detailed=True)


def _list_view_parameters(view: View, card: Card, today: date) -> dict[str, str]:
    awake = {"snoozed": "false", "rejected": "false"}
    calls = {"recommendation": "promote", "to": ",".join(list_call_stages(card))}
    match view:
        case "act":
            return {"recommendation": ",".join(ACTED_ON), **awake}
        case "call":
            return {**calls, **awake}
        case "ask":
            return {"recommendation": "ask", **awake}
        case "back":
            return {"back_by": (today + timedelta(days=DAYS_BACK)).isoformat()}
        case "new":
            return {**calls, "new_since": find_last_working_day(today).isoformat()}
        case "waiting":
            return {"recommendation": "promote", "waits": "true", "order": "since"}
        case "leaving":
            return calls
    return {}


def list_filters(query: DeskQuery, card: Scorecard, owners: Iterable[str]) -> tuple[Filter, ...]:
    """The filters of the form, but for the search; those that could choose nothing are left out."""
    stages = tuple(Option(stage.name, word_stage(stage.name)) for stage in card.card.stages)
    grades = tuple(Option(name, name) for name in (*(name for name, _ in card.card.grades), card.card.below))
    owned = tuple(Option(owner, owner) for owner in owners)
    chosen = query.parameters.get
    actions = {**ACTIONS, "promote": _word_promotions(card.card)}
    found = [
        Filter("recommendation", "What to do", tuple(Option(name, actions[name]) for name in VERDICTS), ""),
        Filter("owner", "Owner", (*owned, Option(NOBODY, "Nobody")) if owned else (), ""),
        Filter("grade", "Grade", grades, ""),
        Filter("stage", "Stage", stages, ""),
        *(
            Filter(f"{FIELD_PREFIX}{field.name}", _title(field), tuple(Option(text, _word(text)) for text in texts), "")
            for field, texts in choose_fields(card)
        ),
    ]
    has_owners = "owner" in card.card.fields
    return tuple(
        replace(item, chosen=chosen(item.name, ""))
        for item in found
        if len(item.options) > 1 or (item.name == "owner" and has_owners)
    )


def _word_promotions(card: Card) -> str:
    """What to do with promoted leads of any stage."""
    calls = list_call_stages(card)
    earlier = [stage.name for stage in card.stages if stage.has_gate and stage.name not in calls]
    if not calls or not earlier:
        return ACTIONS["promote"]
    return f"{ACTIONS['promote']}, or make it {with_article(earlier[0])}" if len(earlier) == 1 else "Call, or move on"


def choose_fields(card: Scorecard) -> list[tuple[Field, tuple[str, ...]]]:
    """The fields that the form can filter by, with their values: texts of which few are known, at most two of them."""
    left_out = {"stage", "owner", card.card.title_field, *card.card.memory_fields}
    texts = []
    for field in card.card.plain_fields:
        values = field.values or tuple(sorted(card.learned.levels.get(field.name, ()), key=str.casefold))
        if field.kind == "text" and field.name not in left_out and FEWEST_OPTIONS <= len(values) <= MOST_OPTIONS:
            texts.append((field, values))
    return sorted(texts, key=lambda item: _rank_field(item[0]))[:FIELDS_FILTERED]


def _rank_field(field: Field) -> int:
    return _FIRST_FIELDS.index(field.name) if field.name in _FIRST_FIELDS else len(_FIRST_FIELDS)


def _title(field: Field) -> str:
    return field.title[:1].upper() + field.title[1:]


def _word(text: str) -> str:
    return text.replace("_", " ")
