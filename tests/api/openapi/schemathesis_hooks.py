"""What schemathesis must know about the service and OpenAPI can't say; its own command loads this.

A valid request whose parts contradict each other is refused, rightly, and nothing would be learned from it. So parts
that contradict are taken out of valid requests; requests that are meant to be wrong stay as they are.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import schemathesis
from schemathesis.core.failures import Failure
from schemathesis.core.parameters import ParameterLocation

from leadledger import load
from leadledger.api.openapi.crm_bodies import MEDIA_TYPE
from leadledger.api.studio.draft_store import DraftEdit, DraftStore
from leadledger.models.releases.store import Releases
from leadledger.scoring.column_names import name_key

CARD = load(Path(__file__).parents[3] / "examples" / "b2b-software" / "card.yaml").card
OTHER_NAMES = {name_key(name) for field in CARD.plain_fields for _, name in field.sources + field.standard} - {
    name_key(name) for name in CARD.fields
}
NUMBERS = count()
HOME = Path("home")  # of the service, in the folder where schemathesis runs
DRAFTS_KEPT = 50
FAILING_CASE = "everything speaks for it"  # once it expects other points


def drop_other_names(lead: Any) -> None:
    """Take out the names by which CRMs know a field: the schema tells which values it may have under its own name."""
    if isinstance(lead, dict):
        for name in [name for name in lead if name_key(name) in OTHER_NAMES]:
            del lead[name]


def complete_feedback(body: dict[str, Any]) -> None:
    """Give feedback what goes with its verb, and take out the rest; no lead's ledger is known here."""
    if "verb" in body:
        for name in ("reason", "until", "entry"):
            body.pop(name, None)
        if body["verb"] == "reject":
            body["reason"] = "no_need"
        elif body["verb"] == "snooze":
            body["until"] = str(datetime.now(UTC).date() + timedelta(days=9))


def list_parts(body: Any) -> list[dict[str, Any]]:
    """A body, or what it lists, as far as they are objects."""
    listed = body.get("events") if isinstance(body, dict) else body
    return [part for part in (body, *(listed if isinstance(listed, list) else ())) if isinstance(part, dict)]


def keep_draft(*, is_behind: bool, is_failing: bool) -> str:
    """The name of a new draft with two revisions, that has an edit: of the current release, or of the oldest one.

    `is_failing`: a case of the card expects other points.
    """
    number, store, releases = next(NUMBERS), DraftStore(HOME), Releases(HOME)
    release = releases.names()[0] if is_behind else releases.current() or ""
    text = releases.read(release, "card.yaml").decode()
    edit = DraftEdit(1, "2026-01-01T00:00:00+00:00", "", "began", release, 0)
    draft = store.begin(f"s-{number}", text, edit)
    changed = text.replace("points: 132,", "points: 131,") if is_failing else text
    store.change(draft, f"{changed}# {number}\n", replace(edit, before=1))
    for name in sorted(store.names(), key=lambda name: (HOME / "drafts" / name).stat().st_mtime)[:-DRAFTS_KEPT]:
        store.discard(name, store.read_last(name)[1].revision)
    return draft.name


def name_kept_draft(case: schemathesis.Case) -> None:
    """Let a request about a draft be about one that is there: of one that isn't, not even the body would be read."""
    if case.path.startswith("/v1/drafts/{"):
        case.path_parameters["id"] = keep_draft(
            is_behind=case.path.endswith("merge"), is_failing=case.path.endswith("accept")
        )


def name_draft(case: schemathesis.Case) -> None:
    """Let a request about a draft be about one that is there, in the revision that it has."""
    if not case.path.startswith("/v1/drafts"):
        return
    name_kept_draft(case)
    if case.query and "revision" in case.query:
        case.query["revision"] = 2
    body: Any = case.body
    if isinstance(body, dict):
        if "revision" in body:
            body["revision"] = 2
        if "case" in body:
            body["case"] = FAILING_CASE
        if "edits" in body:  # no schema can tell which there are
            del body["edits"]
            body["text"] = f"name: a{next(NUMBERS)}"
        elif case.path.endswith("change"):
            body.setdefault("text", "")
        if case.path == "/v1/drafts" and "name" in body:
            body["name"] = f"n-{next(NUMBERS)}"
        if isinstance(body.get("note"), str):
            body["note"] += "new"[: 1000 - len(body["note"])]  # signs that don't print are no note


@schemathesis.hook
def map_case(context: schemathesis.HookContext, case: schemathesis.Case) -> schemathesis.Case:
    """A valid request that the service has no reason to refuse; a wrong body is about a draft that is there."""
    if case.meta is None:
        return case
    if case.meta.generation.mode != schemathesis.GenerationMode.POSITIVE:
        path = case.meta.components.get(ParameterLocation.PATH)
        if path is not None and path.mode == schemathesis.GenerationMode.POSITIVE:
            name_kept_draft(case)
        return case
    name_draft(case)
    # The day may be in the address or in the body; if in both, it must be the same.
    if case.query and isinstance(case.body, dict) and case.body.get("as_of") is not None:
        case.query.pop("as_of", None)
    # U+0085 and U+001C to U+001F are white space to Python, and no id; to the patterns of OpenAPI they are signs.
    body: Any = case.body
    for part in list_parts(body):
        for name in ("lead", "anonymous_id", "subject", "kind", "type"):
            if isinstance(part.get(name), str) and not part[name].strip():
                part[name] = "L1"
        part.pop("previous_id", None)  # only an alias may have one
    if case.path == "/v1/views" and isinstance(body, dict):
        body["query"] = "view=call&grade=A"  # no pattern can tell which parameters of the list go with which values
        if not (isinstance(body.get("name"), str) and body["name"].strip() and body["name"].isprintable()):
            body["name"] = "mine"
    if isinstance(body, dict) and "url" in body:
        body["url"] = "http://127.0.0.1:1024/"  # where nobody listens; most of what looks like a URL leads nowhere
    if isinstance(body, dict):
        leads = body.get("leads")
        for lead in (body.get("lead"), *(leads if isinstance(leads, list) else ())):
            drop_other_names(lead)
        complete_feedback(body)
    # A page begins where the one before it has ended, which no schema can tell.
    if case.query:
        case.query.pop("after", None)
    # Only the body of a CRM may name its CRM.
    if case.query and case.media_type != MEDIA_TYPE:
        case.query.pop("from", None)
    # An Idempotency-Key belongs to one request; another request with it is refused.
    if case.headers and "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = f"{case.headers['Idempotency-Key'][:200]}{next(NUMBERS)}"
    return case


@schemathesis.hook
def filter_failure(
    context: schemathesis.HookContext, failure: Failure, case: schemathesis.Case, response: schemathesis.Response
) -> bool:
    """Whether a finding of a check is a failure; it is not if the service rightly refuses or accepts the request."""
    # What a CRM sends is its vendor's: the description has an example of each, and takes any object or list for one.
    if "positive_data_acceptance" in failure.checks and case.media_type == MEDIA_TYPE:
        return False
    # A draft is changed by a text or by edits, by one of the two, which OpenAPI's older languages can't say.
    if "positive_data_acceptance" in failure.checks and case.path.endswith("/change"):
        return isinstance(case.body, dict) and ("text" in case.body) != ("edits" in case.body)
    if "negative_data_rejection" in failure.checks and response.status_code == 200:
        # A text of blanks is nothing known, which the format of a date can't say.
        answers = case.body.get("answers") if isinstance(case.body, dict) else None
        if isinstance(answers, dict) and any(isinstance(text, str) and not text.strip() for text in answers.values()):
            return False
        # A list of leads without a value is asked for by an empty one, whatever the type of the field.
        query = case.query or {}
        if any(name.startswith("field.") and not str(value).strip() for name, value in query.items()):
            return False
        # An empty filter of a list chooses all, whatever its type, as a form sends it.
        if case.path == "/v1/leads" and any(not str(value).strip() for value in query.values()):
            return False
        # A bad lead spoils no other: a batch is answered, and refuses each bad lead inside of the answer. And with
        # `from`, a body is read as that CRM writes, where other bodies are right than plain ones.
        answer = response.json()
        return not (isinstance(answer, dict) and answer.get("refused")) and not (case.query and "from" in case.query)
    return True
