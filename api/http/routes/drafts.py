"""/v1/drafts: the card edited, tried and published; and who did what when."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response

from leadledger.api.http.access import needs
from leadledger.api.http.messages import read_json, read_key_name, write_json
from leadledger.api.http.openapi_options import describe_answer, describe_exchange
from leadledger.api.requests import draft_bodies
from leadledger.api.requests.json_text import parse_json
from leadledger.api.studio import drafts, previews, publishing, rule_findings, trials
from leadledger.api.studio.studio import Studio

_UNKNOWN = {404: "There is no such draft.", 503: "The home can't be read or written to."}
_OVERTAKEN = {**_UNKNOWN, 409: "Somebody changed the draft meanwhile: each edit is listed, and what both touched."}
_NO_LOG = {404: "There is no such draft, or no log.", 503: "The log fails."}
_SEEN = {
    "name": "revision",
    "in": "query",
    "required": True,
    "description": "The number of the revision that you saw.",
    "schema": {"type": "integer", "minimum": 1, "maximum": draft_bodies.LARGEST_REVISION},
}


def add(app: FastAPI, studio: Studio) -> None:
    """Add the routes of drafts."""
    _add_editing(app, studio)
    _add_trying(app, studio)
    _add_publishing(app, studio)


def _add_editing(app: FastAPI, studio: Studio) -> None:
    @app.get(
        "/v1/drafts",
        summary="List the drafts",
        operation_id="list_drafts",
        **describe_answer("drafts", "Drafts", {503: _UNKNOWN[503]}),
    )
    @needs("read")
    async def list_drafts(request: Request) -> Response:
        """All drafts of the card, by name, without their texts."""
        return write_json(await drafts.list_drafts(studio))

    @app.post(
        "/v1/drafts",
        summary="Begin a draft",
        operation_id="begin_draft",
        **describe_exchange(
            "drafts",
            "DraftBeginning",
            "Draft",
            {409: "There is a draft of this name, or there are too many.", 503: _UNKNOWN[503]},
        ),
    )
    @needs("admin")
    async def begin_draft(request: Request) -> Response:
        """A draft of the card begins with the card of the current release, or with a text. Nobody is scored by it."""
        beginning = draft_bodies.read_beginning(parse_json(read_json(request)))
        return write_json(await drafts.begin_draft(studio, beginning, read_key_name(request)))

    @app.get(
        "/v1/drafts/{id}",
        summary="A draft",
        operation_id="get_draft",
        **describe_answer("drafts", "Draft", _UNKNOWN),
    )
    @needs("read")
    async def get_draft(request: Request) -> Response:
        """Its text, with the mistakes, hints and cases at their lines, what differs from its release, its history."""
        return write_json(await drafts.read_draft(studio, request.path_params["id"]))

    @app.post(
        "/v1/drafts/{id}/change",
        summary="Change a draft",
        operation_id="change_draft",
        **describe_exchange("drafts", "DraftChange", "Draft", _OVERTAKEN),
    )
    @needs("admin")
    async def change_draft(request: Request) -> Response:
        """Keep another text, mistakes and all. Where somebody changed the draft meanwhile, nothing is overwritten."""
        change = draft_bodies.read_change(parse_json(read_json(request)))
        who = read_key_name(request)
        return write_json(await drafts.change_draft(studio, request.path_params["id"], change, who))

    @app.post(
        "/v1/drafts/{id}/undo",
        summary="Undo the last edit of a draft",
        operation_id="undo_edit",
        **describe_exchange("drafts", "DraftUndo", "Draft", _OVERTAKEN),
    )
    @needs("admin")
    async def undo_edit(request: Request) -> Response:
        """Take back the last edit; once more takes back the one before. The history keeps all of them."""
        revision = draft_bodies.read_seen_revision(parse_json(read_json(request)))
        who = read_key_name(request)
        return write_json(await drafts.undo_edit(studio, request.path_params["id"], revision, who))

    @app.post(
        "/v1/drafts/{id}/merge",
        summary="Take over the current release",
        operation_id="merge_release",
        **describe_exchange("drafts", "DraftMerge", "Draft", _OVERTAKEN),
    )
    @needs("admin")
    async def merge_release(request: Request) -> Response:
        """Put the edits of a draft together with those of the release that was published since it began."""
        merge = draft_bodies.read_merge(parse_json(read_json(request)))
        who = read_key_name(request)
        return write_json(await drafts.merge_release(studio, request.path_params["id"], merge, who))

    @app.post(
        "/v1/drafts/{id}/accept",
        summary="Accept a case that fails",
        operation_id="accept_case",
        **describe_exchange("drafts", "CaseAcceptance", "Draft", _OVERTAKEN),
    )
    @needs("admin")
    async def accept_case(request: Request) -> Response:
        """From now on the case expects what it is: an edit of the card's text like any other."""
        acceptance = draft_bodies.read_acceptance(parse_json(read_json(request)))
        who = read_key_name(request)
        return write_json(await drafts.accept_case(studio, request.path_params["id"], acceptance, who))

    @app.delete(
        "/v1/drafts/{id}",
        summary="Discard a draft",
        operation_id="discard_draft",
        openapi_extra={"parameters": [_SEEN]},
        **describe_answer("drafts", "DiscardedDraft", {**_OVERTAKEN, 422: "The parameter is wrong."}),
    )
    @needs("admin")
    async def discard_draft(request: Request) -> Response:
        """It is gone for good, unless somebody has changed it meanwhile."""
        revision = draft_bodies.read_revision_parameter(request.scope["query_string"])
        return write_json(await drafts.discard_draft(studio, request.path_params["id"], revision))

    @app.post(
        "/v1/check",
        summary="Check a card's text",
        operation_id="check_card",
        **describe_exchange("drafts", "CardText", "CheckedCard", {}),
    )
    @needs("read")
    async def check_card(request: Request) -> Response:
        """All mistakes with line and column, hints, and the cases with what they expect and get. Nothing is kept."""
        text = draft_bodies.read_card_text(parse_json(read_json(request)))
        return write_json(await drafts.check_draft(text))


def _add_trying(app: FastAPI, studio: Studio) -> None:
    @app.post(
        "/v1/drafts/{id}/preview",
        summary="Try a draft on some known leads",
        operation_id="preview_draft",
        **describe_exchange("drafts", "PreviewRequest", "Preview", _NO_LOG),
    )
    @needs("read")
    async def preview_draft(request: Request) -> Response:
        """Which of 2,000 known leads would get another recommendation or grade, and which edit does it."""
        text = draft_bodies.read_preview(parse_json(read_json(request)))
        return write_json(await previews.preview_draft(studio, request.path_params["id"], text))

    @app.post(
        "/v1/drafts/{id}/trials",
        summary="Try a draft on all leads",
        operation_id="start_trial",
        **describe_exchange("drafts", "TrialRequest", "Trial", {**_NO_LOG, 409: "Too many are at work."}),
    )
    @needs("admin")
    async def start_trial(request: Request) -> Response:
        """Begin to try it in the background, on all known leads or on past ones whose outcome is known.

        One that is at work goes on.
        """
        on = draft_bodies.read_trial(parse_json(read_json(request)))
        return write_json(await trials.start_trial(studio, request.path_params["id"], on, read_key_name(request)))

    @app.get(
        "/v1/drafts/{id}/trials",
        summary="The trials of a draft",
        operation_id="list_trials",
        **describe_answer("drafts", "Trials", _UNKNOWN),
    )
    @needs("read")
    async def list_trials(request: Request) -> Response:
        """How far they are, and their results."""
        return write_json(await trials.read_trials(studio, request.path_params["id"]))


def _add_publishing(app: FastAPI, studio: Studio) -> None:
    @app.get(
        "/v1/drafts/{id}/compare",
        summary="A draft against the current release",
        operation_id="compare_draft",
        **describe_answer("drafts", "DraftComparison", {**_UNKNOWN, 409: "The current release is refused."}),
    )
    @needs("read")
    async def compare_draft(request: Request) -> Response:
        """The lines that differ, and what stands against publishing it."""
        return write_json(await publishing.compare_draft(studio, request.path_params["id"]))

    @app.post(
        "/v1/drafts/{id}/publish",
        summary="Publish a draft",
        operation_id="publish_draft",
        **describe_exchange(
            "drafts",
            "DraftPublication",
            "PublishedDraft",
            {**_UNKNOWN, 409: "Something stands against it: each is listed."},
        ),
    )
    @needs("admin")
    async def publish_draft(request: Request) -> Response:
        """It becomes the current release, with what that has learned, and the draft ends.

        Mistakes, cases that fail, and a release that was published since the draft began stand against it.
        """
        publication = draft_bodies.read_publication(parse_json(read_json(request)))
        who = read_key_name(request)
        return write_json(await publishing.publish_draft(studio, request.path_params["id"], publication, who))

    @app.get(
        "/v1/releases/history",
        summary="Who made which release current",
        operation_id="list_release_changes",
        **describe_answer("releases", "ReleaseChanges", {409: "The releases can't be read."}),
    )
    @needs("read")
    async def list_release_changes(request: Request) -> Response:
        """Each time that a release was published or chosen, the newest first."""
        return write_json(await publishing.list_changes(studio))

    @app.get(
        "/v1/rules/findings",
        summary="What training found about each rule",
        operation_id="list_rule_findings",
        **describe_answer("releases", "RuleFindings", {409: "The release is refused."}),
    )
    @needs("read")
    async def list_rule_findings(request: Request) -> Response:
        """The audit of the last training: dead, contradicted, overrated, underrated … rules, with the proof."""
        return write_json(await rule_findings.list_rule_findings(studio))
