"""/v1/hooks: which systems get decisions, and which messages could not be delivered."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request, Response

from leadledger.api.http.access import needs
from leadledger.api.http.messages import read_json, read_key_id, write_json
from leadledger.api.http.openapi_options import describe_answer, describe_exchange
from leadledger.api.log.message_kinds import MESSAGE_KINDS
from leadledger.api.requests.json_text import parse_json
from leadledger.api.requests.parameters import MOST_SCORES_PER_PAGE, SCORES_PER_PAGE
from leadledger.api.service import hooks
from leadledger.api.service.service import Service

_REASONS = {404: "There is no such subscription, or no log.", 503: "The log fails."}
_WRONG = {422: "A parameter is wrong."}


def _describe_parameter(name: str, description: str, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": description, "schema": {"type": "string", **schema}}


def add(app: FastAPI, service: Service) -> None:
    """Add the routes of hooks."""

    @app.post(
        "/v1/hooks",
        summary="Subscribe to messages",
        operation_id="subscribe",
        **describe_exchange(
            "hooks",
            "HookRequest",
            "Subscribed",
            {404: "There is no log.", 409: "There are too many subscriptions.", 503: "The log fails."},
        ),
    )
    @needs("hooks")
    async def subscribe(request: Request) -> Response:
        """Messages about decisions are sent to a URL from now on, signed with the secret of the answer.

        The secret is shown once. A lead's messages arrive at least once, in their order; those that fail are tried
        again for three days.
        """
        body = parse_json(read_json(request))
        return write_json(await hooks.subscribe(service, body, read_key_id(request)))

    @app.get(
        "/v1/hooks",
        summary="List the subscriptions",
        operation_id="list_hooks",
        **describe_answer("hooks", "Hooks", {404: "There is no log.", 503: "The log fails."}),
    )
    @needs("hooks")
    async def list_hooks(request: Request) -> Response:
        """All of them, the oldest first, without their secrets."""
        return write_json(await hooks.list_hooks(service))

    @app.get(
        "/v1/hooks/sample",
        summary="Sample messages",
        operation_id="sample_messages",
        openapi_extra={
            "parameters": [_describe_parameter("kind", "Only messages of this kind.", enum=list(MESSAGE_KINDS))]
        },
        **describe_answer("hooks", "SampleMessages", _WRONG),
    )
    @needs("hooks")
    async def sample_messages(request: Request) -> Response:
        """One message of each kind, as receivers get them, about the example lead of the card."""
        return write_json(hooks.make_samples(service, request.scope["query_string"]))

    @app.delete(
        "/v1/hooks/{id}",
        summary="Unsubscribe",
        operation_id="unsubscribe",
        **describe_answer("hooks", "Unsubscribed", _REASONS),
    )
    @needs("hooks")
    async def unsubscribe(request: Request) -> Response:
        """Nothing more is sent, and what waits is dropped."""
        return write_json(await hooks.unsubscribe(service, request.path_params["id"]))

    @app.post(
        "/v1/hooks/{id}/test",
        summary="Send a test message",
        operation_id="test_hook",
        **describe_answer("hooks", "TestedHook", _REASONS),
    )
    @needs("hooks")
    async def test_hook(request: Request) -> Response:
        """A message of the kind `hook.test`, sent once and at once; the answer says what came of it.

        Where the receiver takes it, a disabled subscription is active again.
        """
        return write_json(await hooks.test_hook(service, request.path_params["id"]))

    @app.post(
        "/v1/hooks/{id}/rotate",
        summary="Get a new secret",
        operation_id="rotate_secret",
        openapi_extra={
            "parameters": [
                {
                    **_describe_parameter("keep_hours", "For how many hours the old secret signs along."),
                    "schema": {"type": "integer", "minimum": 0, "maximum": 720, "default": 24},
                }
            ]
        },
        **describe_answer("hooks", "Subscribed", {**_REASONS, **_WRONG}),
    )
    @needs("hooks")
    async def rotate_secret(request: Request) -> Response:
        """Messages are signed with the new secret and, for a while, with the old one as well. It is shown once."""
        query = request.scope["query_string"]
        return write_json(await hooks.rotate_secret(service, request.path_params["id"], query))

    @app.post(
        "/v1/hooks/{id}/end_old_secrets",
        summary="End the old secrets",
        operation_id="end_old_secrets",
        **describe_answer("hooks", "Hook", _REASONS),
    )
    @needs("hooks")
    async def end_old_secrets(request: Request) -> Response:
        """From now on only the newest secret signs: the receiver has it, or the old one is known to others."""
        return write_json(await hooks.end_old_secrets(service, request.path_params["id"]))

    @app.get(
        "/v1/hooks/{id}/deliveries",
        summary="List the messages of a subscription",
        operation_id="list_deliveries",
        openapi_extra={
            "parameters": [
                _describe_parameter("state", "Only those in this state.", enum=["waiting", "delivered", "dead"]),
                {
                    **_describe_parameter("limit", f"How many at most, up to {MOST_SCORES_PER_PAGE}."),
                    "schema": {
                        **{"type": "integer", "minimum": 1, "maximum": MOST_SCORES_PER_PAGE},
                        "default": SCORES_PER_PAGE,
                    },
                },
                _describe_parameter("before", "The id of a message: those before it come, for the next page."),
            ]
        },
        **describe_answer("hooks", "Deliveries", {**_REASONS, **_WRONG}),
    )
    @needs("hooks")
    async def list_deliveries(request: Request) -> Response:
        """What was delivered, what waits, and what is dead: it failed ten times, or the receiver wants no more."""
        query = request.scope["query_string"]
        return write_json(await hooks.list_deliveries(service, request.path_params["id"], query))

    @app.post(
        "/v1/hooks/{id}/resend",
        summary="Send dead messages again",
        operation_id="resend",
        openapi_extra={"parameters": [_describe_parameter("message", "Only the message with this id.")]},
        **describe_answer("hooks", "Resent", {**_REASONS, **_WRONG, 409: "The subscription is disabled."}),
    )
    @needs("hooks")
    async def resend(request: Request) -> Response:
        """They keep their ids, and get ten new attempts."""
        return write_json(await hooks.resend(service, request.path_params["id"], request.scope["query_string"]))
