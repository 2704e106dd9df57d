"""The page of a lead on the desk, two leads side by side, and what sales says of a lead."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from urllib.parse import parse_qsl, urlencode

from fastapi import FastAPI, Request, Response

from leadledger.api.http.access import needs
from leadledger.api.http.messages import read_key_id
from leadledger.api.log.lead_lists import LeadList
from leadledger.api.pages.desk.feedback_form import OUTCOME_WORDS
from leadledger.api.pages.desk.lead_comparison import LeadsBeside
from leadledger.api.pages.desk.lead_page import AskedOfLead, LeadView, describe_lead, describe_pair
from leadledger.api.pages.desk.list_query import find_list, read_desk_query
from leadledger.api.pages.desk.values import LONGEST_NAME
from leadledger.api.pages.forms import read_form, see_other
from leadledger.api.pages.rendering import render_page
from leadledger.api.requests.mistakes import Mistake, Mistakes, Refusal, shorten
from leadledger.api.service.feedback import add_feedback
from leadledger.api.service.history import read_log
from leadledger.api.service.lead_bodies import Answers, read_answers, read_feedback
from leadledger.api.service.loaded import LoadedCard
from leadledger.api.service.places import read_places
from leadledger.api.service.scoring import today
from leadledger.api.service.service import DecisionLog, Service
from leadledger.api.service.today import answer_today
from leadledger.api.service.whole_lead import Neighbours, find_neighbours, read_pair, read_whole_lead

ANSWER_PREFIX = "answer."
FEEDBACK_INPUTS = ("reason", "entry", "until")


def add(app: FastAPI, service: Service) -> None:
    """Add the routes."""

    @app.get("/desk/lead", include_in_schema=False)
    @needs("read", page=True)
    async def show_lead(request: Request) -> Response:
        query = _read_query(request)
        chosen = {"entry": query.get("entry", "")}
        return await _show_lead(service, request, query, feedback=chosen)

    @app.post("/desk/feedback", include_in_schema=False)
    @needs("outcomes", page=True)
    async def send_feedback(request: Request) -> Response:
        form = await read_form(request)
        sent = {name: form.get(name) for name in ("id", "verb", "list", *FEEDBACK_INPUTS)}
        body = {
            name: sent[name] for name in ("verb", *FEEDBACK_INPUTS) if sent[name] and _goes_with(name, sent["verb"])
        }
        try:
            opinion = read_feedback(body, today(service.loaded.card.card.time_zone))
            await add_feedback(service, sent["id"], opinion, read_key_id(request))
        except Refusal as refusal:
            if refusal.status != 422:
                raise
            mistakes = {_find_input(mistake): _word_mistake(mistake) for mistake in refusal.mistakes}
            return await _show_lead(service, request, sent, feedback=sent, feedback_mistakes=mistakes)
        return see_other(f"{write_lead_url(sent['id'], sent['list'], said=opinion.verb)}#said")

    @app.get("/desk/compare", include_in_schema=False)
    @needs("read", page=True)
    async def compare_leads(request: Request) -> Response:
        query = _read_query(request)
        a, b = query.get("a", ""), query.get("b", "")
        if not a or not b:
            raise Refusal(404, "Two leads are compared by their ids; the page of a lead leads here.")
        comparison = await _compare(service, service.loaded, a, b)
        return render_page(request, "desk/compare.html", {"comparison": comparison})


async def _show_lead(
    service: Service,
    request: Request,
    query: Mapping[str, str],
    *,
    feedback: Mapping[str, str],
    feedback_mistakes: Mapping[str, str] | None = None,
) -> Response:
    """The page of the lead that a query names by its `id`."""
    loaded, home = service.loaded, service.settings.home
    day = today(loaded.card.card.time_zone)
    answers, sent, mistakes = _read_answers(loaded, query)
    wanted = await _read_list(service, loaded, query.get("list", ""), day)

    places = await read_places(service)

    def read(log: DecisionLog) -> tuple[LeadView, Neighbours]:
        whole = read_whole_lead(log, loaded, home, query.get("id", ""), day)
        place = places.find(whole.scored.row.tenths)
        asked = AskedOfLead(sent, answers, mistakes, query.get("each", ""), feedback, feedback_mistakes or {})
        return describe_lead(whole, asked, day, place, places.leads), find_neighbours(log, whole.scored, wanted)

    try:
        page, neighbours = await read_log(service, read)
    except Refusal as refusal:
        if refusal.status != 404 or service.decision_log is None:
            raise
        return await _show_unknown(service, request, query)
    comparison, problem = None, ""
    other = query.get("with", "").strip() or neighbours.after or neighbours.before
    if other:
        try:
            comparison = await _compare(service, loaded, page.lead, other)
        except Refusal as refusal:
            if refusal.status != 404:
                raise
            problem = refusal.detail
    lists = query.get("list", "")
    context = {
        "page": page,
        "comparison": comparison,
        "comparison_problem": problem,
        "compared_with": query.get("with", ""),
        "list": lists,
        "list_url": f"/desk?{lists}" if lists else "/desk",
        "before_url": write_lead_url(neighbours.before, lists) if neighbours.before else "",
        "after_url": write_lead_url(neighbours.after, lists) if neighbours.after else "",
        "said": OUTCOME_WORDS.get(query.get("said", ""), ""),
        "lead_url": write_lead_url,
    }
    status = 422 if mistakes or feedback_mistakes else 404 if problem else 200
    return render_page(request, "desk/lead.html", context, status)


async def _show_unknown(service: Service, request: Request, query: Mapping[str, str]) -> Response:
    """The page (404) for an id that the book doesn't know, with those like it."""
    lead, lists = query.get("id", ""), query.get("list", "")
    similar = await read_log(service, lambda log: log.book.find_similar(lead))
    context = {
        "lead": shorten(lead, LONGEST_NAME),
        "similar": [(other, write_lead_url(other, lists)) for other in similar],
        "list_url": f"/desk?{lists}" if lists else "/desk",
    }
    return render_page(request, "desk/no_lead.html", context, 404)


async def _compare(service: Service, loaded: LoadedCard, lead: str, other: str) -> LeadsBeside:
    home = service.settings.home
    return await read_log(service, lambda log: describe_pair(read_pair(log, loaded, home, lead, other)))


def write_lead_url(lead: str, lists: str = "", **more: str) -> str:
    """The address of a lead's page; `lists` is the query of the list that the visitor came from."""
    return f"/desk/lead?{urlencode({'id': lead, **({'list': lists} if lists else {}), **more}, errors='replace')}"


def _read_query(request: Request) -> dict[str, str]:
    """The parameters of a page; of one that is sent twice, the last."""
    return dict(parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True, separator="&"))


def _read_answers(
    loaded: LoadedCard, query: Mapping[str, str]
) -> tuple[Answers | None, dict[str, str], dict[str, str]]:
    """The answers that a query tries, cleaned (None: there are none) and as they were sent, and what is wrong in them.

    An input that is left empty says nothing.
    """
    questions = loaded.card.card.questions
    names = {f"{ANSWER_PREFIX}{name}": name for name in questions}
    sent = {names[name]: text.strip() for name, text in query.items() if name in names and text.strip()}
    if not sent:
        return None, {}, {}
    try:
        return read_answers(loaded.engine, {"answers": sent}), sent, {}
    except Refusal as refusal:
        return None, sent, {str(mistake.path[-1]): mistake.reason for mistake in refusal.mistakes}


async def _read_list(service: Service, loaded: LoadedCard, query: str, day: date) -> LeadList:
    """The list that a visitor came from, from its beginning; what isn't a part of one is left out."""
    card = loaded.card.card
    pairs = parse_qsl(query, keep_blank_values=True, errors="replace", separator="&")
    wanted = read_desk_query([(name, text) for name, text in pairs if name != "after"], card)
    leaving: list[str] = []
    if wanted.view == "leaving":
        answer = await answer_today(service)
        leaving = [lead["lead"] for lead in answer["leaving"]["leads"]]
    return find_list(wanted, card, day, Mistakes(), leaving)


def _goes_with(name: str, verb: str) -> bool:
    """Whether an input is sent on with a verb: a form may hold inputs of another."""
    return {"reason": verb == "reject", "until": verb == "snooze"}.get(name, True)


def _find_input(mistake: Mistake) -> str:
    name = str(mistake.path[-1])
    return name if name in FEEDBACK_INPUTS else ""


def _word_mistake(mistake: Mistake) -> str:
    """A mistake in feedback as the page says it."""
    words = {"reason": "Choose why you reject it.", "until": "Choose a day after today, within a year."}
    return words.get(str(mistake.path[-1]), mistake.reason)
