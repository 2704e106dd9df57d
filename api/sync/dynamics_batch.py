"""Batches of Dataverse: several updates in one call, and what became of each.

https://learn.microsoft.com/en-us/power-apps/developer/data-platform/webapi/execute-batch-operations-using-web-api
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from email.parser import BytesParser
from typing import Any

from leadledger.api.sync.api_client import ApiAnswer
from leadledger.api.sync.connector import RecordUpdate, UpdateOutcome
from leadledger.scoring.errors import SyncError

_PASSING = frozenset((408, 409, 429, 500, 502, 503, 504))  # of one operation of a batch


def write_batch(base: str, updates: Sequence[RecordUpdate], boundary: str) -> bytes:
    """A batch of updates of leads at `base`, each by itself: in a change set, one that is refused undoes the others.

    `If-Match: *` keeps an update of a deleted lead from making a new one.
    """
    parts = []
    for update in updates:
        lines = (
            f"--{boundary}",
            "Content-Type: application/http",
            "Content-Transfer-Encoding: binary",
            "",
            f"PATCH {base}/leads({update.id}) HTTP/1.1",
            "Content-Type: application/json; type=entry",
            "If-Match: *",
            "",
            json.dumps(update.properties),
            "",
        )
        parts.append("\r\n".join(lines))
    return ("".join(parts) + f"--{boundary}--\r\n").encode()


def read_batch(answer: ApiAnswer) -> list[tuple[int, Any]]:
    """The status and the body of each part of an answer. Raises SyncError."""
    head = f"Content-Type: {answer.headers.get('content-type', '')}\r\n\r\n"
    message = BytesParser().parsebytes(head.encode() + str(answer.body).encode())
    if not message.is_multipart():
        raise SyncError(
            f"{answer.call} answered with something else than parts. Is the address right, and does nothing stand"
            " between, such as a proxy's page? Some records may be written; the next run writes them again."
        )
    parts = []
    for part in message.walk():
        if part.is_multipart():
            continue
        text = part.get_payload()
        match = re.match(r"\s*HTTP/[0-9.]+ ([0-9]{3})", str(text))
        if match is None:
            continue
        body = str(text).replace("\r\n", "\n").partition("\n\n")[2].strip()
        try:
            parts.append((int(match[1]), json.loads(body) if body else None))
        except (ValueError, RecursionError):
            parts.append((int(match[1]), None))
    return parts


def find_code(body: Any) -> str:
    """The code of an error, such as 0x80040217; empty where it has none."""
    error = body.get("error") if isinstance(body, dict) else None
    return str(error.get("code") or "") if isinstance(error, dict) else ""


def read_result(record_id: str, status: int, body: Any) -> UpdateOutcome:
    """What became of one record of a batch."""
    if 200 <= status < 300:
        return UpdateOutcome(record_id)
    error = body.get("error") if isinstance(body, dict) else None
    message = error.get("message") if isinstance(error, dict) else None
    problem = f"{find_code(body) or status}: {message or 'no reason given'}"
    return UpdateOutcome(record_id, problem, is_gone=status == 404, may_retry=status in _PASSING)
