"""What people do to a draft in the studio: change its text or a part of it, undo, take over a release, discard it."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import FastAPI, Request, Response

from leadledger.api.http.access import needs
from leadledger.api.pages.forms import read_form, see_other
from leadledger.api.pages.rendering import render_page
from leadledger.api.pages.studio.draft_page import NO_EFFECT, open_draft, try_draft
from leadledger.api.pages.studio.field_form import write_field
from leadledger.api.pages.studio.text_view import choose_lines, list_lines
from leadledger.api.requests.draft_bodies import CaseAcceptance, read_change, read_merge, read_seen_revision
from leadledger.api.requests.form import Form
from leadledger.api.requests.mistakes import Refusal
from leadledger.api.studio import drafts
from leadledger.api.studio.card_blocks import BlockKey, replace_block
from leadledger.api.studio.conflict import DraftConflict
from leadledger.api.studio.studio import Studio
from leadledger.scoring.card_edits.apply import apply_edit
from leadledger.scoring.card_edits.edits import DeleteEntry, Edit, SetText, write_edit
from leadledger.scoring.errors import CardEditError, ScorecardError

PAGES_AFTER = ("", "/parts", "/cases")  # of a draft, where a form may lead to
CONFLICT_WORDS = {
    "mine": "Keep mine",
    "theirs": "Take theirs, keep the rest of mine",
    "merge": "Put both together",
}


def add(app: FastAPI, studio: Studio) -> None:
    """Add the routes."""

    @app.post("/studio/drafts/{draft}/text", include_in_schema=False)
    @needs("admin", page=True)
    async def save_text(request: Request) -> Response:
        form = await read_form(request)
        name, text = request.path_params["draft"], form.get("text")
        if form.get("do") == "check":
            context = await open_draft(studio, name, "Text")
            checked = await drafts.check_draft(text)
            effect = await try_draft(studio, name, text)
            shown = {"effect": effect, "summary": "" if effect is None else effect.summary}
            lines = choose_lines(list_lines(text, checked))
            draft = {**context["draft"], "check": checked}
            return render_page(
                request, "studio/text.html", {**context, **shown, "draft": draft, "lines": lines, "text": text}
            )
        then = form.get("then", "/text")
        # As an edit, since a browser sends other line ends than the card may have.
        return await keep_edits(request, studio, form, [SetText(text)], then if then in PAGES_AFTER else "/text")

    @app.post("/studio/drafts/{draft}/effect", include_in_schema=False)
    @needs("read", page=True)
    async def try_text(request: Request) -> Response:
        form = await read_form(request)
        text = form.get("text")
        checked = await drafts.check_draft(text)
        effect = await try_draft(studio, request.path_params["draft"], text)
        context = {
            "effect": effect,
            "summary": NO_EFFECT if effect is None else effect.summary,
            "lines": choose_lines(list_lines(text, checked)),
            "mistakes": (),
            "odds": "",
        }
        return render_page(request, "studio/effect.html", context)

    @app.post("/studio/drafts/{draft}/part", include_in_schema=False)
    @needs("admin", page=True)
    async def save_part(request: Request) -> Response:
        form = await read_form(request)
        text = await drafts.read_text(studio, request.path_params["draft"], read_number(form, "revision"))
        try:
            edited = replace_block(text, BlockKey(form.get("section"), form.get("name")), form.get("text"))
        except CardEditError as error:
            raise refuse_edit(error) from None
        return await keep_edits(request, studio, form, [SetText(edited)], "/parts")

    @app.post("/studio/drafts/{draft}/fields", include_in_schema=False)
    @needs("admin", page=True)
    async def add_field(request: Request) -> Response:
        form = await read_form(request)
        text = await drafts.read_text(studio, request.path_params["draft"], read_number(form, "revision"))
        try:
            edit = write_field(text, form)
        except (CardEditError, ScorecardError) as error:
            raise refuse_edit(error) from None
        return await keep_edits(request, studio, form, [edit], "/parts")

    @app.post("/studio/drafts/{draft}/cases", include_in_schema=False)
    @needs("admin", page=True)
    async def accept_cases(request: Request) -> Response:
        form = await read_form(request)
        name, revision = request.path_params["draft"], read_number(form, "revision")
        draft = await drafts.read_draft(studio, name)
        failed = [case["name"] for case in draft["check"]["cases"] if not case["passes"]]
        wanted = [form.get("case")] if form.get("case") else failed
        for case in wanted:
            acceptance = CaseAcceptance(revision, case)
            draft = await drafts.accept_case(studio, name, acceptance, request.scope["key"].name)
            revision = draft["revision"]
        return see_other(f"/studio/drafts/{name}/cases")

    @app.post("/studio/drafts/{draft}/rules", include_in_schema=False)
    @needs("admin", page=True)
    async def delete_rule(request: Request) -> Response:
        form = await read_form(request)
        return await keep_edits(request, studio, form, [DeleteEntry("rules", form.get("rule"))], "")

    @app.post("/studio/drafts/{draft}/undo", include_in_schema=False)
    @needs("admin", page=True)
    async def undo_edit(request: Request) -> Response:
        form = await read_form(request)
        revision = read_seen_revision({"revision": read_number(form, "revision")})
        name = request.path_params["draft"]
        await drafts.undo_edit(studio, name, revision, request.scope["key"].name)
        return see_other(f"/studio/drafts/{name}")

    @app.post("/studio/drafts/{draft}/merge", include_in_schema=False)
    @needs("admin", page=True)
    async def merge_release(request: Request) -> Response:
        form = await read_form(request)
        on_both = form.get("on_both", "refuse")
        merge = read_merge({"revision": read_number(form, "revision"), "on_both": on_both})
        name = request.path_params["draft"]
        try:
            await drafts.merge_release(studio, name, merge, request.scope["key"].name)
        except DraftConflict as conflict:
            choices = [("mine", "Keep mine"), ("theirs", "Take the release’s")]
            inputs = [("revision", form.get("revision"))]
            return show_conflict(request, name, conflict, (f"/studio/drafts/{name}/merge", "on_both", inputs), choices)
        return see_other(f"/studio/drafts/{name}")

    @app.post("/studio/drafts/{draft}/discard", include_in_schema=False)
    @needs("admin", page=True)
    async def discard_draft(request: Request) -> Response:
        form = await read_form(request)
        revision = read_seen_revision({"revision": read_number(form, "revision")})
        await drafts.discard_draft(studio, request.path_params["draft"], revision)
        return see_other("/studio")

    @app.get("/studio/drafts/{draft}/discard", include_in_schema=False)
    @needs("admin", page=True)
    async def ask_to_discard(request: Request) -> Response:
        return render_page(request, "studio/discard.html", await open_draft(studio, request.path_params["draft"], ""))


async def keep_edits(request: Request, studio: Studio, form: Form, edits: Sequence[Edit], then: str) -> Response:
    """Keep edits of the draft that a form shows, and go on to a page of it; where somebody was faster, ask what counts.

    Raises Refusal.
    """
    name, revision = request.path_params["draft"], read_number(form, "revision")
    change = read_change(
        {
            "revision": revision,
            "edits": [write_edit(edit) for edit in edits],
            "on_conflict": form.get("on_conflict", "refuse"),
        }
    )
    try:
        await drafts.change_draft(studio, name, change, request.scope["key"].name)
    except DraftConflict as conflict:
        text = await drafts.read_text(studio, name, revision)
        for edit in edits:
            text = apply_edit(text, edit)
        choices = ["merge"] if conflict.can_merge else ["theirs", "mine"]
        inputs = [("revision", form.get("revision")), ("then", then), ("text", text)]
        listed = [(choice, CONFLICT_WORDS[choice]) for choice in choices] if conflict.is_readable else []
        return show_conflict(request, name, conflict, (f"/studio/drafts/{name}/text", "on_conflict", inputs), listed)
    return see_other(f"/studio/drafts/{name}{then}")


def refuse_edit(error: CardEditError | ScorecardError) -> Refusal:
    """The refusal of an edit that can't be made."""
    text = str(error)
    return Refusal(422, f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}")


def show_conflict(
    request: Request,
    name: str,
    conflict: DraftConflict,
    form: tuple[str, str, list[tuple[str, str]]],
    choices: list[tuple[str, str]],
) -> Response:
    """The page to choose what counts where two have edited; `form`: path, name of the choice, inputs."""
    context = {"name": name, "conflict": conflict.to_dict(), "form": form, "choices": choices}
    return render_page(request, "studio/conflict.html", context, 409)


def read_number(form: Form, name: str) -> int:
    """A whole number of a form. Raises Refusal (422)."""
    text = form.get(name)
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise Refusal(422, "The form lacks a number that its page has. Load the page again.")
    return int(text)
