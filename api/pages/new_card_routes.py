"""A card from a list: send the list, decide what it doesn't tell, take the card."""

from __future__ import annotations

import asyncio
import re
from urllib.parse import urlencode

from fastapi import FastAPI, Request, Response

from leadledger.api.http.access import needs
from leadledger.api.pages.forms import read_form, see_other
from leadledger.api.pages.multipart import read_file_form
from leadledger.api.pages.new_card.proposal_view import view_proposal
from leadledger.api.pages.rendering import render_page
from leadledger.api.requests.draft_bodies import DraftBeginning
from leadledger.api.requests.form import Form
from leadledger.api.requests.mistakes import Refusal
from leadledger.api.studio.drafts import begin_draft
from leadledger.api.studio.studio import Studio
from leadledger.api.uploads.kept_lists import LARGEST_LIST, KeptLists
from leadledger.api.uploads.proposing import propose_for
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.card_edits.apply import apply_edit
from leadledger.scoring.card_edits.edits import SetValue
from leadledger.scoring.errors import CardEditError, DataError, Problem, ScorecardError

LARGEST_BODY = LARGEST_LIST + 100_000  # with the rest of the form
NO_FILE = "Choose a file first."
TOO_OLD = "This list isn't kept any more: it is forgotten after an hour. Send it again."


def add(app: FastAPI, studio: Studio) -> None:
    """Add the routes."""
    lists = KeptLists(studio.service.settings.home)

    @app.get("/studio/new", include_in_schema=False)
    @needs("admin", page=True)
    async def ask_for_list(request: Request) -> Response:
        return _show_start(request)

    @app.post("/studio/new", include_in_schema=False)
    @needs("admin", page=True, largest_body=LARGEST_BODY)
    async def take_list(request: Request) -> Response:
        _, sent = await read_file_form(request, LARGEST_BODY)
        if sent is None:
            return _show_start(request, NO_FILE)
        try:
            kept = await asyncio.to_thread(lists.keep, sent.name, sent.content)
        except DataError as error:
            return _show_start(request, _write_sentence(error))
        return see_other(f"/studio/new/list?{urlencode({'list': kept.token})}")

    @app.get("/studio/new/list", include_in_schema=False)
    @needs("admin", page=True)
    async def show_proposal(request: Request) -> Response:
        token, outcome = (request.query_params.get(key, "") for key in ("list", "outcome"))
        kept = lists.find(token)
        if kept is None:
            return _show_start(request, TOO_OLD)
        try:
            view = view_proposal(await propose_for(kept.path, outcome))
        except DataError as error:
            return _show_start(request, _write_sentence(error))
        return render_page(request, "new_card/decide.html", {"view": view, "token": token})

    @app.post("/studio/new/card", include_in_schema=False)
    @needs("admin", page=True)
    async def show_card(request: Request) -> Response:
        form = await read_form(request)
        text = await asyncio.to_thread(_answer, form)
        mistakes, fields = await asyncio.to_thread(_check, text)
        token = form.get("list")
        context = {
            "text": text,
            "mistakes": mistakes,
            "fields": fields,
            "token": token if lists.find(token) else "",
            "file": _name_file(form.get("name")),
        }
        return render_page(request, "new_card/card.html", context, 422 if mistakes else 200)

    @app.post("/studio/new/draft", include_in_schema=False)
    @needs("admin", page=True)
    async def make_draft(request: Request) -> Response:
        form = await read_form(request)
        draft = await begin_draft(studio, DraftBeginning("", form.get("text")), request.scope["key"].name)
        return see_other(f"/studio/drafts/{draft['name']}")

    @app.post("/studio/new/file", include_in_schema=False)
    @needs("admin", page=True)
    async def send_card(request: Request) -> Response:
        form = await read_form(request)
        headers = {"Content-Disposition": f'attachment; filename="{_name_file(form.get("name"))}"'}
        return Response(form.get("text").encode("utf-8", "replace"), headers=headers, media_type="application/yaml")

    @app.post("/studio/new/forget", include_in_schema=False)
    @needs("admin", page=True)
    async def forget_list(request: Request) -> Response:
        form = await read_form(request)
        await asyncio.to_thread(lists.discard, form.get("list"))
        return see_other("/studio/new")


def _show_start(request: Request, mistake: str = "") -> Response:
    context = {"mistake": mistake, "largest": LARGEST_LIST // 1_000_000}
    return render_page(request, "new_card/start.html", context, 422 if mistake else 200)


def _answer(form: Form) -> str:
    """The card with the answers of a form."""
    from leadledger.training.card_proposal.answers import confirm_criteria, drop_outcome, settle_format

    text = form.get("text")
    for name, answer in form.items():
        what, _, field = name.partition("-")
        if what == "format":
            text = settle_format(text, field, answer)
        elif what in ("kind", "learn") and answer:
            text = _settle_field(text, field, what, answer)
    text = confirm_criteria(text, form.values("lead"), form.values("opportunity"))
    return drop_outcome(text) if form.get("outcome") == "none" else text


def _settle_field(text: str, field: str, key: str, answer: str) -> str:
    """The card whose field has another `kind`, or is to be learned from or not. Raises Refusal (422)."""
    changes: dict[str, str | bool | None] = {key: answer == "yes" if key == "learn" else answer}
    if answer == "id":
        changes["learn"] = None  # nobody learns from ids, so the key would be a mistake
    try:
        for name, value in changes.items():
            text = apply_edit(text, SetValue(("fields", field, name), value))
    except CardEditError as error:
        raise Refusal(422, f"{field}: {error}.") from None
    except ScorecardError:  # the text is no card, and the page names its mistakes
        pass
    return text


def _check(text: str) -> tuple[tuple[Problem, ...], int]:
    """The mistakes of a card, and how many fields it has."""
    try:
        return (), len(parse_card(text).fields)
    except ScorecardError as error:
        return tuple(error.problems), 0


def _name_file(name: str) -> str:
    """The file of a card by its name."""
    return f"{re.sub('[^a-z0-9-]+', '', name)[:60] or 'card'}.yaml"


def _write_sentence(error: DataError) -> str:
    """Why a list can't be read, as a sentence."""
    text = str(error).strip()
    if not text:
        raise Refusal(422, "This list can't be read.")
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith((".", "!", "?")) else ".")
