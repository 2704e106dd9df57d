"""The parts of OData's batches, for a server that stands in.

https://docs.oasis-open.org/odata/odata/v4.0/os/part1-protocol/odata-v4.0-os-part1-protocol.html#_Toc372793748
"""

from __future__ import annotations

import json
from http import HTTPStatus

from tests.api.sync.servers.crm_server import CrmReply


def split_parts(body: str, boundary: str) -> list[tuple[str, str]]:
    """The head and the content of each part; none where the batch has no end."""
    if f"--{boundary}--" not in body:
        return []
    parts = body.partition(f"--{boundary}--")[0].split(f"--{boundary}\r\n")[1:]
    return [(head, content) for head, _, content in (part.partition("\r\n\r\n") for part in parts)]


def write_part(reply: CrmReply) -> str:
    """An answer as a part of one."""
    content = "" if reply.body is None else json.dumps(reply.body)
    lines = [
        "Content-Type: application/http",
        "Content-Transfer-Encoding: binary",
        "",
        f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}",
        *(f"{name}: {value}" for name, value in reply.headers.items()),
        *(["Content-Type: application/json; odata.metadata=minimal"] if content else []),
        "",
        content,
    ]
    return "\r\n".join(lines)
