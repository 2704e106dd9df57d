"""Forms with a file: what browsers send is read to the letter, and anything else is refused."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadledger.api.pages.multipart import LARGEST_INPUT, MOST_PARTS, NOT_READABLE, SentFile, split_parts
from leadledger.api.requests.mistakes import Refusal

BOUNDARY = b"----WebKitFormBoundaryABC"


def write(*parts: tuple[str, bytes]) -> bytes:
    """A body of parts, each the value of its Content-Disposition and its content."""
    lines = [
        b"--%s\r\nContent-Disposition: %s\r\n\r\n%s\r\n" % (BOUNDARY, head.encode(), content) for head, content in parts
    ]
    return b"".join(lines) + b"--%s--\r\n" % BOUNDARY


def field(name: str) -> str:
    """The head of an input."""
    return f'form-data; name="{name}"'


def file_of(name: str) -> str:
    """The head of a file."""
    return f'form-data; name="file"; filename="{name}"'


@given(
    st.binary(max_size=200).filter(lambda content: b"\r\n--" + BOUNDARY not in b"\r\n" + content), st.text(max_size=20)
)
def test_a_file_arrives_as_it_is(content: bytes, text: str) -> None:
    """Whatever bytes it has, line ends among them; texts have line feeds."""
    text = text.replace("\r", "")
    body = write((field("csrf"), text.encode("utf-8", "replace")), (file_of("leads.csv"), content))
    inputs, sent = split_parts(body, BOUNDARY)
    assert inputs == [("csrf", text.encode("utf-8", "replace").decode())]
    assert sent == SentFile("leads.csv", content)


def test_names_are_written_as_browsers_write_them() -> None:
    """Quotes and line ends in a name are escaped; other headers of a part mean nothing."""
    body = write((file_of('a%22b%0D%0A"').replace('%0A""', '%0A"') + "\r\nContent-Type: text/csv", b"x"))
    assert split_parts(body, BOUNDARY)[1] == SentFile('a"b\r\n', b"x")


def test_no_file_was_chosen() -> None:
    """Browsers then send an empty one without a name."""
    assert split_parts(write((file_of(""), b"")), BOUNDARY) == ([], None)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"x",
        write()[:-4],
        b"x" + write((field("a"), b"")),
        write((field("a"), b"")).replace(b"\r\n\r\n", b"\r\n"),
        write(("attachment", b"")),
        write(("form-data", b"")),
        write((field("a"), b"\xff")),
        write((field("a"), b"x" * (LARGEST_INPUT + 1))),
        write(*[(field("a"), b"")] * (MOST_PARTS + 1)),
        write((field("a"), b"")).replace(b"--\r\n", b"--\r\nmore"),
    ],
)
def test_what_no_browser_sends_is_refused(body: bytes) -> None:
    """In words, never by a failure."""
    with pytest.raises(Refusal, match=NOT_READABLE):
        split_parts(body, BOUNDARY)


def test_one_file_at_a_time() -> None:
    """A second one is refused."""
    with pytest.raises(Refusal, match="Send one file at a time"):
        split_parts(write((file_of("a"), b"1"), (file_of("b"), b"2")), BOUNDARY)


@given(st.binary(max_size=300))
def test_no_bytes_break_it(body: bytes) -> None:
    """Any body is read or refused."""
    for content in (body, b"--" + BOUNDARY + body, write((field("a"), body))[: len(body)]):
        with suppress(Refusal):  # any other error fails
            split_parts(content, BOUNDARY)
