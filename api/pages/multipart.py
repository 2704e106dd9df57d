"""Forms with a file, as browsers send them: `multipart/form-data`, read as strictly as browsers write it.

https://www.rfc-editor.org/rfc/rfc7578 and https://html.spec.whatwg.org/multipage/form-control-infrastructure.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from fastapi import Request

from leadledger.api.http.body_limit import read_body
from leadledger.api.pages.forms import check_ours
from leadledger.api.requests.form import Form
from leadledger.api.requests.mistakes import Refusal

MOST_PARTS = 50
LARGEST_INPUT = 1_000_000  # bytes of an input that is no file
NOT_READABLE = "The form can't be read; send it from the page again."

_CONTENT_TYPE = re.compile(rb"multipart/form-data; *boundary=\"?([0-9A-Za-z'()+_,./:=?-]{1,70})\"?")
_DISPOSITION = re.compile(r'form-data; name="([^"\r\n]*)"(?:; filename="([^"\r\n]*)")?')


@dataclass(frozen=True)
class SentFile:
    """A file of a form: its name on the sender's disk, which may be anything, and its content."""

    name: str
    content: bytes


async def read_file_form(request: Request, largest: int) -> tuple[Form, SentFile | None]:
    """The inputs of a form and its one file, None where none was chosen.

    Raises Refusal: not from a page of ours (403), too large (413), another type (415), not as browsers write it (422).
    """
    headers: Mapping[bytes, bytes] = request.scope["named_headers"]
    match = _CONTENT_TYPE.fullmatch(headers.get(b"content-type", b"").strip())
    if match is None:
        raise Refusal(415, "Send the form as `multipart/form-data`.")
    body = await read_body(request.scope, request.receive, headers.get(b"content-length"), largest)
    inputs, sent_file = split_parts(body, match[1])
    form = Form(inputs)
    check_ours(form, headers)
    return form, sent_file


def split_parts(body: bytes, boundary: bytes) -> tuple[list[tuple[str, str]], SentFile | None]:
    """The inputs and the file of a body. Raises Refusal (422)."""
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary)
    if len(pieces) < 2 or pieces[0] or pieces[-1].rstrip(b"\r\n") != b"--" or len(pieces) > MOST_PARTS + 2:
        raise Refusal(422, NOT_READABLE)
    inputs: list[tuple[str, str]] = []
    sent_file = None
    for piece in pieces[1:-1]:
        head, blank, content = piece.partition(b"\r\n\r\n")
        name, file_name = _read_head(head)
        if not blank or (file_name is None and len(content) > LARGEST_INPUT):
            raise Refusal(422, NOT_READABLE)
        if file_name is None:
            try:
                inputs.append((name, content.decode().replace("\r\n", "\n")))
            except UnicodeDecodeError:
                raise Refusal(422, NOT_READABLE) from None
        elif file_name or content:
            if sent_file is not None:
                raise Refusal(422, "Send one file at a time.")
            sent_file = SentFile(unquote(file_name), content)
    return inputs, sent_file


def _read_head(head: bytes) -> tuple[str, str | None]:
    """The name of a part, and that of its file; None: it is none."""
    for line in head.decode("utf-8", "replace").split("\r\n"):
        key, _, value = line.partition(":")
        match = _DISPOSITION.fullmatch(value.strip()) if key.strip().lower() == "content-disposition" else None
        if match is not None:
            return unquote(match[1]), match[2]
    raise Refusal(422, NOT_READABLE)
