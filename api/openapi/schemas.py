"""The shapes of bodies and answers, for /docs and /openapi.json.

Nothing is validated with these models: `requests.body` reads requests (faster, and with every mistake at once), and
results shape themselves. A test holds the answers to what is promised here. The lead is described from the card that is
served: its fields, their kinds, values and questions, and the names that each CRM uses.
"""

from __future__ import annotations

import importlib.metadata
import re
from datetime import date, datetime
from typing import Any, Literal

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import models_json_schema

from leadledger.api.http.access import ANY_KEY, OPEN
from leadledger.api.openapi import crm as crm_openapi
from leadledger.api.openapi import examples as openapi_examples
from leadledger.api.openapi.lead import lead
from leadledger.api.requests.body import LONGEST_LEAD_ID
from leadledger.api.service.loaded import LOST
from leadledger.scoring.engine.score import Engine
from leadledger.scoring.outputs import EntryKind, Verdict

TEMPLATE = "#/components/schemas/{model}"
_IDS = {  # what stands in a path, by the word before it
    "scores": "The id of a score: `id` in its answer.",
    "leads": "The id of a lead: its first field of kind `id`.",
    "releases": "The name of a release.",
}
ABOUT = """
Scores leads, and shows the work: each point of a score has a named reason, and the reasons add up to the score.

50.0 points is the average lead of the history, and 10 points more double the odds. What is unknown neither gains nor
loses by a rule; the answer says how far the score could still move, and what to ask first.
"""


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)


class Entry(_Shape):
    """One entry of a ledger: what earned or lost the points."""

    name: str = Field(description="The rule, group, table, pair or combination; `start` for the first.")
    kind: EntryKind
    points: float = Field(description="With one decimal.")
    reason: str = Field(description="In words.")
    why: str = Field(description="Where the number comes from, as the card says; may be empty.")


class Question(_Shape):
    """A question whose answer could settle the recommendation."""

    field: str = Field(description="The field of the lead that the answer fills.")
    question: str
    settles: float = Field(ge=0, le=1, description="How likely its answer is to settle the recommendation.")


class Result(_Shape):
    """The score of one lead on one day. The points of the ledger add up to `points`, to the last tenth."""

    id: str = Field(description="The id of this score in the decision log; empty where nothing is recorded.")
    card: str
    release: str = Field(description="The release that the learned points come from; empty: rules alone.")
    as_of: date
    score: int = Field(ge=0, le=100, description="The points, rounded and cut to 0…100.")
    points: float = Field(description="The total, with one decimal. 50.0 is the average lead; +10 doubles the odds.")
    low: float = Field(description="The least that answers to the card's questions could make of the points.")
    high: float = Field(description="The most that they could.")
    plus_minus: float | None = Field(
        ge=0,
        description="The standard error of the points that comes from what was learned; null where it is not known.",
    )
    probability: float | None = Field(
        ge=0, le=1, description="Of becoming an opportunity; null while no base rate is known. It never decides."
    )
    grade: str
    recommendation: Verdict
    from_: str = Field(alias="from", description="The stage at which the lead stands.")
    to: str = Field(description="The stage that the recommendation is about.")
    line: float | None = Field(description="The points from which that stage is open; null: criteria alone decide.")
    criteria: dict[str, Literal["met", "unmet", "unknown"]]
    reasons: list[str] = Field(description="Sentences, the most telling first.")
    questions: list[Question] = Field(description="What to ask, the most telling first; only where it says `ask`.")
    ledger: list[Entry]
    ignored: list[str] = Field(description="Names in the lead that no field of the card uses.")


class Mistake(_Shape):
    """One mistake in a request."""

    path: str = Field(description="The JSON path of what is wrong.", examples=["$.leads[3].employees"])
    reason: str
    value: str = Field(
        description="The value that is wrong: a text as it came, cut to 40 characters, else as JSON writes it; "
        "left out where it tells nothing."
    )


class Item(_Shape):
    """What became of one lead of a batch: scored (200), or refused (422) for its mistakes."""

    status: Literal[200, 422]
    result: Result = Field(description="The score; left out where the lead was refused.")
    errors: list[Mistake] = Field(description="Every mistake in the lead, at most 10; empty where it was scored.")


class BatchResult(_Shape):
    """A result or a refusal for each lead, in the order of the leads."""

    scored: int
    refused: int
    results: list[Item]


class Problem(_Shape):
    """A refusal, as RFC 9457 has it. `errors` lists every mistake of the body (at most 100); else it is empty."""

    type: Literal["about:blank"]
    title: str
    status: int
    detail: str
    errors: list[Mistake]
    request_id: str = Field(description="Also in the header X-Request-Id, and in the server's log.")
    retry_after: int = Field(
        ge=1, description="The seconds after which to ask again, as in the header Retry-After; else left out."
    )


class KeyShape(_Shape):
    """An API key, without its secret."""

    model_config = ConfigDict(title="Key")

    id: str
    name: str
    created: datetime


class Me(_Shape):
    """Who asks, and what it may do."""

    key: KeyShape | None = Field(description="Null where no keys are made: then everybody on the machine may do all.")
    scopes: list[Literal["score", "outcomes", "read", "admin"]]


class Live(_Shape):
    """The process runs."""

    status: Literal["live"]


class Ready(_Shape):
    """The service can score."""

    status: Literal["ready"]
    card: str
    release: str


class OutcomeRequest(_Shape):
    """What became of a lead."""

    lead: str = Field(
        description="The id of the lead; white space at its ends doesn't count.",
        min_length=1,
        max_length=LONGEST_LEAD_ID,
        pattern=r"\S",
    )
    became: str = Field(description="A stage of the card, or `lost`.")
    on: date = Field(description="The day.")


class Outcome(_Shape):
    """An outcome as it is noted."""

    lead: str
    became: str
    on: date
    new: bool = Field(description="Whether it is noted now; else it was already.")


class Value(_Shape):
    """The cleaned value of a field, as a text."""

    field: str
    value: str


class Score(_Shape):
    """A score of the log, in short."""

    id: str
    at: datetime = Field(description="When it was answered.")
    lead: str = Field(description="The id of the lead; empty: it has none.")
    key: str = Field(description="The id of the API key that asked; empty: none.")
    card: str
    release: str
    as_of: date
    score: int = Field(ge=0, le=100)
    points: float
    grade: str
    recommendation: Verdict


class LoggedScore(Score):
    """A score of the log: the answer, and what it came from."""

    input: list[Value] = Field(description="The cleaned values that were known.")
    result: Result


class Replayed(_Shape):
    """A score, worked out again from the logged values, by the release of that day."""

    id: str
    release: str
    identical: bool = Field(description="Whether the whole answer is the same, byte for byte.")
    points: float = Field(description="As logged.")
    replayed: float = Field(description="As worked out now.")
    result: Result


class Moved(_Shape):
    """An entry of the ledger that moved since the lead's score before."""

    kind: EntryKind
    name: str
    cause: Literal["data", "time", "release", "unknown"] = Field(
        description="The lead's values, the day of scoring, the release; `unknown` where a release is gone."
    )
    before: float
    after: float
    moved: float


class Changed(_Shape):
    """A field whose value changed since the lead's score before, as texts; null: not known."""

    field: str
    before: str | None
    after: str | None


class LeadScore(Score):
    """A score of a lead, and what moved since the one before. The moves add up to the difference of the points."""

    moved: list[Moved]
    changed: list[Changed]


class LeadOutcome(_Shape):
    """What became of the lead."""

    became: str
    on: date
    at: datetime = Field(description="When it was noted.")


class LeadScores(_Shape):
    """The scores of a lead, newest first."""

    lead: str
    scores: list[LeadScore]
    more: bool = Field(description="Whether there are older ones: ask again with `before`, the id of the last.")
    outcomes: list[LeadOutcome]


class Release(_Shape):
    """A release of the home."""

    name: str
    current: bool = Field(description="Whether it is the current one.")
    served: bool = Field(description="Whether this service serves it.")
    created: datetime | None = Field(description="Null where it can't be read.")
    card: str
    note: str
    metrics: dict[str, float] = Field(description="How good it is, by the measures of its training.")
    problem: str = Field(description="Why it can't be listed with more than its name; else empty.")


class Releases(_Shape):
    """What could be served, oldest first, and what is."""

    serves: str = Field(description="The release that answers now; empty: a card alone.")
    follows: bool = Field(description="Whether the service serves whatever release is the current one.")
    problem: str = Field(description="Why the current release is refused, and another served on; else empty.")
    releases: list[Release]


class Used(_Shape):
    """A release that is the current one now."""

    release: str
    was: str = Field(description="The release that was served until now.")


class Points(_Shape):
    """Points as the card declares them, and as they count: times trust."""

    declared: float
    effective: float


class HalfLife(_Shape):
    """Half of the points are left after so many days since a date field."""

    days: int
    of: str


class CardFieldShape(_Shape):
    """A field of the card."""

    model_config = ConfigDict(title="Field")

    name: str
    title: str
    kind: Literal["number", "text", "flag", "date", "id"]
    unit: str
    values: list[str] = Field(description="The texts that it may have; empty: any.")
    better: Literal["higher", "lower", ""]
    question: str = Field(description="The question that asks for it; empty: it is not asked for.")
    columns: list[str] = Field(description="The names under which a lead may bring it; none where it is worked out.")
    is_: str = Field(alias="is", description="How it is worked out from other fields; else empty.")


class Criterion(_Shape):
    """A criterion, and the condition that meets it."""

    name: str
    title: str
    met: str
    essential: bool


class Group(_Shape):
    """Rules that share limits, or of which only the best counts."""

    name: str
    max: Points | None
    min: Points | None
    best_of: bool


class Rule(_Shape):
    """A rule: a condition and the points that it earns where it is true."""

    name: str
    when: str
    points: Points
    half_life: HalfLife | None
    group: str
    reason: str
    why: str
    since: date | None


class Exclusion(_Shape):
    """A condition that disqualifies, whatever the points."""

    name: str
    when: str
    reason: str


class Stage(_Shape):
    """A stage, and what opens it."""

    name: str
    requires: list[str] = Field(description="The criteria that must be met.")
    line: float | None = Field(description="The points that must be reached; null: criteria alone decide.")
    promise: str = Field(description="What training promises of the leads above the line; may be empty.")
    closed: str = Field(description="Why the stage can't open by points; empty: it can.")


class Grade(_Shape):
    """A grade and the points from which it is given; null for the lowest."""

    grade: str
    from_: float | None = Field(alias="from")


class Bin(_Shape):
    """Learned points of one bin of a field, or of one cell of a pair of fields."""

    labels: list[str] = Field(description="The bin of each field.")
    points: float
    plus_minus: float | None = Field(ge=0, description="The standard error of the points; null where it is not known.")
    leads: int = Field(description="The leads of the history that fell in it.")


class Node(_Shape):
    """A node of a combination's trees: a choice, which asks a field, or an end, which has points.

    A lead starts at node 0 of each tree. At a choice, one whose field falls in one of the bins goes on at `then`, any
    other at `else`; the points of the end to which it comes count.
    """

    tree: int = Field(ge=0, description="The tree that it is of; the points of all trees of a combination add up.")
    node: int = Field(ge=0, description="Its number in the tree.")
    field: str = Field(description="The field that it asks; empty: it is an end.")
    bins: list[str] = Field(description="The bins; neighbouring bins of a number are named as one. None at an end.")
    then: int | None = Field(description="The node that comes next for a lead in one of the bins; null at an end.")
    else_: int | None = Field(alias="else", description="The node that comes next for any other; null at an end.")
    points: float | None = Field(description="The points of an end; null at a choice.")
    leads: int | None = Field(description="The leads of the history that came to this end; null at a choice.")


class Combination(_Shape):
    """Learned points of three fields or more together: trees of choices, of which each adds its points."""

    name: str
    fields: list[str]
    plus_minus: float | None = Field(ge=0, description="The standard error of its points; null where it is not known.")
    nodes: list[Node] = Field(description="The nodes of all its trees.")


class Table(_Shape):
    """Learned points of one field or of a pair."""

    name: str
    fields: list[str]
    bins: list[Bin]


class Scorecard(_Shape):
    """The card, and what was learned for it."""

    name: str
    title: str
    release: str
    base_rate: float | None
    trust: float = Field(description="The factor by which declared points count.")
    start: float = Field(description="The points where every lead starts.")
    fields: list[CardFieldShape]
    criteria: list[Criterion]
    groups: list[Group]
    rules: list[Rule]
    exclude: list[Exclusion]
    stages: list[Stage]
    grades: list[Grade]
    tables: list[Table]
    combinations: list[Combination]


ANSWERS = (
    Result,
    BatchResult,
    OutcomeRequest,
    Outcome,
    LoggedScore,
    Replayed,
    LeadScores,
    Problem,
    Me,
    Live,
    Ready,
    Releases,
    Used,
    Scorecard,
)


def openapi(app: FastAPI, engine: Engine) -> dict[str, Any]:
    """What the service says of itself: the routes, with bodies and answers described for the card that is served."""
    card = engine.card.card
    said = get_openapi(
        title=f"{card.title or card.name} – leadledger", version=_version(), description=ABOUT, routes=app.routes
    )
    # In the mode of answers: a value that has a default is there all the same.
    _, found = models_json_schema([(one, "serialization") for one in ANSWERS], by_alias=True, ref_template=TEMPLATE)
    schemas: dict[str, Any] = found["$defs"]
    schemas["Mistake"]["required"] = ["path", "reason"]
    schemas["Problem"]["required"] = [one for one in schemas["Problem"]["properties"] if one != "retry_after"]
    schemas["Item"]["required"] = ["status", "errors"]
    outcome = schemas["OutcomeRequest"]["properties"]
    outcome["lead"]["type"] = ["string", "integer"]  # some CRMs number their leads
    outcome["became"]["enum"] = [*engine.card.gates, LOST]
    crm_openapi.describe(said, engine, openapi_examples.lead(engine)[0])
    day = {
        "type": ["string", "null"],
        "format": "date",
        "description": "The day of the score; without it, today in UTC. Give it, and the same lead has the same score.",
    }
    schemas["Lead"] = lead(engine)
    schemas["ScoreRequest"] = _body("lead", {"$ref": TEMPLATE.format(model="Lead")}, day)
    most: int = app.state.service.settings.max_batch
    leads = {"type": "array", "minItems": 1, "maxItems": most, "items": {"$ref": TEMPLATE.format(model="Lead")}}
    schemas["BatchRequest"] = _body("leads", leads, day)
    for name, one in openapi_examples.examples(engine).items():
        schemas[name]["examples"] = [one]
    components = said.setdefault("components", {})
    components["schemas"] = dict(sorted(schemas.items()))
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "description": "An API key: `Authorization: Bearer ll_…`."},
        "header": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same key by itself."},
    }
    for route in app.routes:
        for method in getattr(route, "methods", ()):
            if operation := said["paths"].get(getattr(route, "path", ""), {}).get(method.lower()):
                _guarded(operation, getattr(route, "endpoint").needs)  # noqa: B009  # routes are of several kinds
    for path, operations in said["paths"].items():
        for operation in operations.values():
            operation["parameters"] = [*_of_path(path, engine), *operation.get("parameters", [])]
    whole: dict[str, Any] = _plain_nulls(said)
    return whole


def _of_path(path: str, engine: Engine) -> list[dict[str, Any]]:
    """The parameters in a path: lean routes (`api.http.direct`) take the request alone, so FastAPI sees none."""
    known = openapi_examples.ids(engine)
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": _IDS.get(of, "What it is about."),
            "schema": {"type": "string", "minLength": 1},
            "example": known.get(of, "1"),
        }
        for of, name in re.findall(r"/(\w+)/\{(\w+)\}", path)
    ]


def _plain_nulls(node: Any) -> Any:
    """A description in which a plain type that may be null is a list of types, not a choice between two schemas."""
    if isinstance(node, list):
        return [_plain_nulls(one) for one in node]
    if not isinstance(node, dict):
        return node
    match node.get("anyOf"):
        case [{"type": str(kind), **rest}, {"type": "null"}]:
            node = {"type": [kind, "null"], **rest, **{key: one for key, one in node.items() if key != "anyOf"}}
    return {key: _plain_nulls(one) for key, one in node.items()}


def _guarded(operation: dict[str, Any], needs: str) -> None:
    """Say of a route what the guard does: the key that it needs, and the answers that may come before the route's."""
    if needs == OPEN:
        operation["security"] = []
        return
    scopes = [] if needs == ANY_KEY else [needs]
    operation["security"] = [{"bearer": scopes}, {"header": scopes}]
    reasons = {401: "No key came, or one that is not known or is revoked."}
    if scopes:
        reasons[403] = f"The key lacks the scope `{needs}`."
    if "requestBody" in operation:
        reasons |= {408: "The request did not arrive in time.", 413: "The body is too large."}
    reasons |= {
        429: "The key asks too often; `retry_after` says when to ask again.",
        500: "The service failed.",
        503: "The service has too much to do; `retry_after` says when to ask again.",
    }
    problem = {"application/problem+json": {"schema": {"$ref": TEMPLATE.format(model="Problem")}}}
    for status, reason in reasons.items():
        operation["responses"].setdefault(str(status), {"description": reason, "content": problem})
    operation["responses"] = dict(sorted(operation["responses"].items()))


def _body(name: str, schema: dict[str, Any], day: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: schema, "as_of": day},
        "required": [name],
        "additionalProperties": False,
    }


def _version() -> str:
    try:
        return importlib.metadata.version("leadledger")
    except importlib.metadata.PackageNotFoundError:  # run from a folder that was never installed
        return "0"
