"""The list of known leads on the desk, and what today begins with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlencode

from fastapi import FastAPI, Request, Response

from leadledger.api.http.access import needs
from leadledger.api.http.messages import read_key_id
from leadledger.api.pages.desk.lead_lines import describe_line
from leadledger.api.pages.desk.list_query import (
    VIEW_NAMES,
    DeskQuery,
    Filter,
    find_list,
    list_filters,
    read_desk_query,
)
from leadledger.api.pages.desk.saved_views import forget_view, list_views, save_view, write_query
from leadledger.api.pages.desk.today_strip import WEEKDAYS, describe_today
from leadledger.api.pages.forms import read_form, see_other
from leadledger.api.pages.rendering import render_page
from leadledger.api.requests.mistakes import Mistakes
from leadledger.api.service.history import read_log
from leadledger.api.service.listed_leads import read_detailed_page
from leadledger.api.service.service import Service
from leadledger.api.service.today import answer_today
from leadledger.api.wording.figures import word_count
from leadledger.api.wording.recommendations import with_article
from leadledger.scoring.advice import word_day
from leadledger.scoring.scorecard import Card

MOST_TRIED = 100_000  # known leads of which each filter is tried without, where none is found with all


def add(app: FastAPI, service: Service) -> None:
    """Add the routes."""

    @app.get("/desk", include_in_schema=False)
    @needs("read", page=True)
    async def show_list(request: Request) -> Response:
        loaded = service.loaded
        card = loaded.card.card
        answer = await answer_today(service)
        day = date.fromisoformat(answer["as_of"])
        pairs = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True, errors="replace")
        query = read_desk_query(pairs, card)
        mistakes = Mistakes()
        leaving = [lead["lead"] for lead in answer["leaving"]["leads"]]
        wanted = find_list(query, card, day, mistakes, leaving)
        if mistakes:
            raise mistakes.to_refusal("listed")
        page = await read_detailed_page(service, wanted, day)
        own_views = await list_views(service, read_key_id(request))
        shown = write_query(query)
        filters = list_filters(query, loaded.card, answer["owners"])
        lines = [describe_line(lead, card, day) for lead in page.leads]
        helpful = [] if lines else await _find_helpful_drops(service, query, answer, day)
        counts = {view["view"]: word_count(view["leads"]) for view in answer["views"]}
        context = {
            "day": f"{WEEKDAYS[day.weekday()]} {word_day(day, day)}",
            "known": word_count(answer["leads"]),
            "is_empty": not answer["leads"],
            "strip": describe_today(answer, day),
            "views": [
                {"name": name, "leads": counts.get(view, ""), "path": _write_view(view), "is_shown": view == query.view}
                for view, name in VIEW_NAMES.items()
                if view in counts or view == query.view
            ],
            "own_views": [
                {"name": view.name, "path": view.path, "is_shown": view.query == shown} for view in own_views
            ],
            "shown": shown,
            "query": query,
            "search": query.parameters.get("search", ""),
            "filters": filters,
            "hidden": _list_hidden(query, filters),
            "lines": lines,
            "drops": _describe_drops(query, filters, helpful),
            "next": query.write(after=page.next) if page.next else "",
            "first": query.write(after=None) if query.parameters.get("after") else "",
            "list": urlencode({"view": query.view, **query.filters}, errors="replace"),
            "chance_of": _word_chance_of(card),
            "has_axes": bool(card.axes),
        }
        return render_page(request, "desk/list.html", context)

    @app.post("/desk/views", include_in_schema=False)
    @needs("read", page=True)
    async def change_views(request: Request) -> Response:
        form = await read_form(request)
        key, name = read_key_id(request), form.get("forget")
        if name:
            await forget_view(service, key, name)
            return see_other(f"/desk?{form.get('query')}" if form.get("query") else "/desk")
        view = await save_view(service, key, {"name": form.get("name"), "query": form.get("query")})
        return see_other(view.path)


def _write_view(view: str) -> str:
    return f"/desk?view={view}"


def _list_hidden(query: DeskQuery, filters: Sequence[Filter]) -> list[tuple[str, str]]:
    """What the form sends along, so that a search stays within the view, and in its order."""
    shown = {"search", "after", *(item.name for item in filters)}
    return [("view", query.view), *((name, text) for name, text in query.parameters.items() if name not in shown)]


async def _find_helpful_drops(service: Service, query: DeskQuery, answer: Mapping[str, Any], day: date) -> list[str]:
    """The filters without any one of which there would be leads; where each takes long to try, all of them."""
    names = [*query.filters]
    if answer["leads"] > MOST_TRIED:
        return names
    card = service.loaded.card.card
    leaving = [lead["lead"] for lead in answer["leaving"]["leads"]]
    helpful = []
    for name in names:
        others = {other: text for other, text in query.filters.items() if other != name}
        wanted = replace(find_list(DeskQuery(query.view, others), card, day, Mistakes(), leaving), limit=1)
        page = await read_log(service, lambda log, wanted=wanted: log.book.list_leads(wanted))  # type: ignore[misc]
        if page.rows:
            helpful.append(name)
    return helpful


def _describe_drops(query: DeskQuery, filters: Sequence[Filter], helpful: Sequence[str]) -> list[dict[str, str]]:
    """What to leave out so that there are leads, each with its address."""
    labels = {item.name: f"{item.label}: {item.chosen_text}" for item in filters if item.chosen}
    labels |= {"search": f"“{query.parameters.get('search', '')}”"}
    return [{"text": labels.get(name, name), "path": query.write(**{name: None})} for name in helpful]


def _word_chance_of(card: Card) -> str:
    """What the chance is of."""
    stage, outcome = card.predicted_stage, card.outcome
    goal = "becomes what the card foretells" if stage is None else f"becomes {with_article(stage.name)}"
    within = f" within {outcome.within} days" if outcome is not None and outcome.within else ""
    return f"{goal}{within}"
