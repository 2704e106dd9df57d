"""POST /v1/hooks/{system}: a CRM tells that records changed, signed in its own way.

The parameter is called `id`, as that of the other routes at this path is: OpenAPI knows a path by one name only.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request, Response

from leadledger.api.http.access import SIGNED, needs
from leadledger.api.http.messages import read_json, write_json
from leadledger.api.http.openapi_options import describe_exchange
from leadledger.api.service.history import refuse_without_log
from leadledger.api.service.service import Service
from leadledger.api.sync.call_signatures import SignedCall

if TYPE_CHECKING:
    from leadledger.api.sync.incoming import Incoming


def open_incoming(service: Service) -> Incoming | None:
    """What takes calls; None where there is no log. Its libraries are loaded only where there is one."""
    if service.decision_log is None:
        return None
    from leadledger.api.sync.incoming import Incoming

    return Incoming(service)


@asynccontextmanager
async def taking(incoming: Incoming | None) -> AsyncIterator[None]:
    """While the service runs, the records that calls told of are synced."""
    if incoming is None:
        yield
        return
    running = asyncio.create_task(incoming.run())
    try:
        yield
    finally:
        running.cancel()
        await asyncio.wait([running])


def add(app: FastAPI, incoming: Incoming | None) -> None:
    """Add the route."""

    @app.post(
        "/v1/hooks/{id}",
        summary="Take the call of a CRM",
        operation_id="take_crm_call",
        **describe_exchange(
            "hooks", "CrmCall", "TakenCall", {404: "There is no log.", 503: "The log fails, or the CRM isn't set up."}
        ),
    )
    @needs(SIGNED)
    async def take_crm_call(request: Request) -> Response:
        """What a webhook of a CRM sends when records change, with its own signature in place of a key.

        `id` is the name of the system: `hubspot` (signature v3), `bottlecrm`, or another one that can be synced, which
        signs as Standard Webhooks says. The records are read by the CRM's API, scored into the book and written back
        after the answer.
        """
        if incoming is None:
            raise refuse_without_log()
        content = read_json(request)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.scope["headers"]}
        call = SignedCall("POST", _list_addresses(request, headers), headers, content)
        return write_json(await incoming.take(request.path_params["id"], call))


def _list_addresses(request: Request, headers: dict[str, str]) -> tuple[str, ...]:
    """Where the call may have been sent to: behind a proxy, the service sees another scheme, and maybe another name.

    A caller may write any name there; it must be the one that the secret has signed.
    """
    path = request.scope["raw_path"].decode("latin-1")
    query = request.scope["query_string"].decode("latin-1")
    path = f"{path}?{query}" if query else path
    hosts = dict.fromkeys(headers.get(name, "") for name in ("x-forwarded-host", "host"))
    return tuple(f"{scheme}://{host}{path}" for host in hosts if host for scheme in ("https", "http"))
