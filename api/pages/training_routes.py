"""Training from a page: choose a card and a history, watch, mend what training refuses, and look at the draft."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from fastapi import FastAPI, Request, Response

from leadledger.api.http.access import needs
from leadledger.api.pages.forms import read_form, see_other
from leadledger.api.pages.multipart import read_file_form
from leadledger.api.pages.new_card_routes import LARGEST_BODY, TOO_OLD
from leadledger.api.pages.releases_routes import read_quality
from leadledger.api.pages.rendering import render_page
from leadledger.api.requests.mistakes import Refusal
from leadledger.api.service import releases
from leadledger.api.service.service import Service
from leadledger.api.trainings.training_folder import TrainingFolder
from leadledger.api.trainings.trainings import Trainings
from leadledger.api.uploads.kept_lists import KeptList, KeptLists
from leadledger.models.releases.manifest import CARD
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.errors import CardEditError, DataError, ScorecardError

NO_FILE = "Choose a file first."
UNKNOWN = "There is no such training any more: it is forgotten after an hour."

Answer = TypeVar("Answer")


def add(app: FastAPI, service: Service) -> None:
    """Add the routes."""
    lists = KeptLists(service.settings.home)
    trainings = app.state.trainings = Trainings(service.settings.home, service.settings.log_url)

    def find(token: str) -> TrainingFolder:
        folder = trainings.folders.find(token)
        if folder is None:
            raise Refusal(404, UNKNOWN)
        return folder

    async def show_form(request: Request, text: str, kept: KeptList | None, mistakes: tuple[str, ...] = ()) -> Response:
        running = await asyncio.to_thread(trainings.folders.find_running)
        context = {
            "text": text,
            "kept": kept,
            "mistakes": mistakes,
            "running": "" if running is None else running.token,
            "has_log": service.decision_log is not None,
        }
        return render_page(request, "training/form.html", context, 422 if mistakes else 200)

    @app.get("/studio/train", include_in_schema=False)
    @needs("admin", page=True)
    async def choose_history(request: Request) -> Response:
        return await show_form(request, await _read_current_card(service), None)

    @app.post("/studio/train/list", include_in_schema=False)
    @needs("admin", page=True)
    async def take_card_and_list(request: Request) -> Response:
        form = await read_form(request)
        return await show_form(request, form.get("text"), lists.find(form.get("list")))

    @app.post("/studio/train", include_in_schema=False)
    @needs("admin", page=True, largest_body=LARGEST_BODY)
    async def start_training(request: Request) -> Response:
        form, sent = await read_file_form(request, LARGEST_BODY)
        text, source, kept = form.get("text"), form.get("source"), lists.find(form.get("list"))
        mistakes = await asyncio.to_thread(_find_mistakes, text)
        if mistakes:
            return await show_form(request, text, kept, mistakes)
        try:
            if source == "file":
                if sent is None:
                    return await show_form(request, text, kept, (NO_FILE,))
                kept = await asyncio.to_thread(lists.keep, sent.name, sent.content)
            elif source == "list" and kept is None:
                return await show_form(request, text, None, (TOO_OLD,))
            history = None if kept is None or source == "log" else kept.path
            folder = await asyncio.to_thread(trainings.start, text, history)
        except DataError as error:
            return await show_form(request, text, kept, (_write_sentence(error),))
        if kept is not None and history is not None:
            await asyncio.to_thread(lists.discard, kept.token)
        return see_other(f"/studio/training?id={folder.token}")

    @app.get("/studio/training", include_in_schema=False)
    @needs("admin", page=True)
    async def show_training(request: Request) -> Response:
        folder = find(request.query_params.get("id", ""))
        state = await asyncio.to_thread(folder.read_state)
        answer = await releases.list_releases(service)
        current = next((record["name"] for record in answer["releases"] if record["current"]), "")
        quality = None
        if state["state"] == "done":
            _, quality = await read_quality(service, state["release"])
        context = {
            "quality": quality,
            "token": folder.token,
            "state": state,
            "current": current,
            "can_retry": bool(state.get("from_log")) or folder.history is not None,
        }
        return render_page(request, "training/training.html", context)

    @app.post("/studio/training/again", include_in_schema=False)
    @needs("admin", page=True)
    async def start_again(request: Request) -> Response:
        form = await read_form(request)
        folder = find(form.get("id"))

        def start() -> None:
            trainings.start_again(
                folder, form.values("leave_out"), form.values("without"), form.get("accept_left_out") == "yes"
            )

        await _refuse_in_words(start)
        return see_other(f"/studio/training?id={folder.token}")

    @app.post("/studio/training/stop", include_in_schema=False)
    @needs("admin", page=True)
    async def stop_training(request: Request) -> Response:
        form = await read_form(request)
        folder = find(form.get("id"))
        await _refuse_in_words(folder.ask_to_stop)
        return see_other(f"/studio/training?id={folder.token}")


async def _refuse_in_words(call: Callable[[], Answer]) -> Answer:
    """What a call in a thread gives. Raises Refusal in place of our errors."""
    try:
        return await asyncio.to_thread(call)
    except (DataError, ScorecardError, CardEditError, OSError) as error:
        raise Refusal(409, _write_sentence(error)) from None


async def _read_current_card(service: Service) -> str:
    """The text of the card that is served; of the example's kind where that can't be read: empty."""
    release = service.loaded.release
    if release is None:
        return service.loaded.text
    try:
        return (await releases.read_release_file(service, release, CARD)).decode("utf-8-sig", "replace")
    except Refusal:
        return ""


def _find_mistakes(text: str) -> tuple[str, ...]:
    """The mistakes of a card, for people; and that training has nothing to learn where it names no outcome."""
    try:
        card = parse_card(text)
    except ScorecardError as error:
        return tuple(f"Line {problem.line}: {problem.text}" for problem in error.problems)
    if card.outcome is None:
        return ("The card has no `outcome:`, so there is nothing to learn from.",)
    return ()


def _write_sentence(error: Exception) -> str:
    text = str(error).strip()
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith((".", "!", "?")) else ".")
