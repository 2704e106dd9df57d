"""Bodies that nobody should send, to every route that takes one: each is refused clearly, or is right after all."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from leadledger.api.app import create_app
from leadledger.api.http.problem import MEDIA_TYPE
from leadledger.api.http.routes.outcomes import LARGEST_OUTCOME
from leadledger.api.service.lead_bodies import LARGEST_FEEDBACK
from leadledger.api.service.settings import Settings
from tests.effort import examples

ROOT = Path(__file__).parents[3]
CARD = ROOT / "examples" / "b2b-software" / "card.yaml"
MARK = "@here@"
ACCEPTED = (200, 404, 409)  # a body is read before what it is about is looked for
MEGABYTE = 1_000_000
ID = "1"  # of a lead that the service knows
SMALL_BODIES = {"/v1/outcomes": LARGEST_OUTCOME, "/v1/leads/{id}/feedback": LARGEST_FEEDBACK}  # bytes


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """A service that records what it answers, and knows a lead: its client, and its OpenAPI document."""
    home = tmp_path_factory.mktemp("home")
    with TestClient(create_app(Settings(card=CARD, home=home, log_level="error"))) as client:
        known = {"lead": {"lead_id": ID}}
        assert client.post("/v1/score", json=known).status_code == 200
        yield SimpleNamespace(client=client, document=client.get("/openapi.json").json())


def bodies(document: Any) -> list[tuple[str, str, Any]]:
    """Path, media type and example of each body that the service takes, in the shape of each CRM too."""
    bodies_sent = []
    for path, methods in document["paths"].items():
        for operation in methods.values():
            if operation.get("security") == []:  # whoever sends there signs; see the test of unsigned bodies
                continue
            for media, content in operation.get("requestBody", {}).get("content", {}).items():
                name = content["schema"].get("$ref", "").rpartition("/")[2]
                examples = document["components"]["schemas"][name]["examples"] if name else []
                examples = [*examples, *(example["value"] for example in content.get("examples", {}).values())]
                bodies_sent += [(path, media, example) for example in examples]
    return bodies_sent


def check(service: SimpleNamespace, path: str, content: bytes, media: str = "application/json") -> int:
    """Send a body; the status of the answer, which is the promised one or a problem, short and without a trace."""
    answer = service.client.post(re.sub(r"\{\w+\}", ID, path), content=content, headers={"Content-Type": media})
    assert answer.status_code == 200 or 400 <= answer.status_code < 500, (answer.text, content[:200])
    described = service.document["paths"][path]["post"]["responses"][str(answer.status_code)]["content"]
    kind = answer.headers["content-type"]
    assert kind == ("application/json" if answer.status_code == 200 else MEDIA_TYPE)
    checker = Draft202012Validator({**described[kind]["schema"], "components": service.document["components"]})
    content_read = json.loads(answer.content, parse_constant=pytest.fail)
    checker.validate(content_read)
    if answer.status_code != 200:
        assert content_read["detail"]
        assert len(answer.content) < 30_000
        assert "Traceback" not in answer.text
    return answer.status_code


# -- bytes that are no JSON, or not all of it --------------------------------------------------------------------------


def spoilt(whole: bytes) -> dict[str, bytes]:
    """What becomes of a body on the way, or by mistake; none is JSON in UTF-8."""
    text = whole.decode()
    return {
        "nothing": b"",
        "blanks": b" \r\n\t ",
        "two of it": whole + whole,
        "a second mark of byte order": b"\xef\xbb\xbf\xef\xbb\xbf" + whole,
        "UTF-16": text.encode("utf-16"),
        "UTF-32": text.encode("utf-32"),
        "compressed": gzip.compress(whole),
        "a byte that is not UTF-8": whole.replace(b'"', b'"\xff', 1),
        "a half character, as UTF-8 would have it": whole.replace(b'"', b'"\xed\xa0\x80', 1),
        "an overlong character": whole.replace(b'"', b'"\xc0\xaf', 1),
        "NUL before it": b"\0" + whole,
        "NUL within it": whole.replace(b'"', b'"\0', 1),
        "a line break in a name": whole.replace(b'"', b'"\n', 1),
        "single quotes": whole.replace(b'"', b"'"),
        "a comma too many": whole[:-1] + b",}",
        "a comment": b"/* a lead */" + whole,
        "a form": b"lead=L1&became=lost",
        "XML": b"<lead><employees>3</employees></lead>",
        "an escape that is none": whole.replace(b'"', b'"\\x', 1),
        "half an escape": whole.replace(b'"', b'"\\u12"', 1),
        "a hundred thousand brackets": b"[" * 100_000,
        "a hundred thousand objects": b'{"a":' * 100_000,
        "brackets that close": b"[" * 100_000 + b"]" * 100_000,
        "brackets in a text that never ends": b'{"lead": "' + b"[" * MEGABYTE,
        "a number that never ends": b'{"lead": -',
        "words": b"undefined",
        "a number with zeros before it": b'{"lead": 007}',
        "a hexadecimal number": b'{"lead": 0x10}',
    }


@pytest.mark.parametrize("name", spoilt(b'{"a": 1}'))
def test_what_is_no_json(service: SimpleNamespace, name: str) -> None:
    """What can't be read is refused as such (400), wherever it is sent; a large outcome isn't even read (413)."""
    for path, media, example in bodies(service.document):
        content = spoilt(json.dumps(example).encode())[name]
        is_unread = len(content) > SMALL_BODIES.get(path, len(content))
        assert check(service, path, content, media) == (413 if is_unread else 400), path


def test_what_is_not_signed(service: SimpleNamespace) -> None:
    """A body that must be signed, and isn't, is refused before it is read, whatever it is."""
    for content in (b"{}", *spoilt(b'{"a": 1}').values()):
        assert check(service, "/v1/hooks/{id}", content) == 401


@pytest.mark.slow
def test_what_is_cut_off(service: SimpleNamespace) -> None:
    """A body that ends too early is refused, wherever it ends."""
    for path, media, example in bodies(service.document):
        whole = json.dumps(example).encode()
        for end in range(0, len(whole), 1 + len(whole) // 60):
            assert check(service, path, whole[:end], media) == 400, (path, whole[:end])


def test_marks_of_byte_order(service: SimpleNamespace) -> None:
    """One mark of byte order before a body is read over."""
    for path, media, example in bodies(service.document):
        # There is no draft and no release of these names.
        expected = 404 if path.startswith(("/v1/drafts/{id}", "/v1/shadow")) else 200
        assert check(service, path, b"\xef\xbb\xbf" + json.dumps(example).encode(), media) == expected, path


def test_bodies_that_nobody_asked_for(service: SimpleNamespace) -> None:
    """A route that is posted to without a body reads none, whatever comes."""
    for path, methods in service.document["paths"].items():
        if "post" in methods and "requestBody" not in methods["post"]:
            plain = check(service, path, b"")
            assert {check(service, path, example) for example in spoilt(b'{"a": 1}').values()} == {plain}


# -- values that no field expects --------------------------------------------------------------------------------------

# As they are written: most can't be told from Python values.
VALUES = {
    "null": "null",
    "true": "true",
    "zero": "0",
    "minus zero": "-0.0",
    "a number beyond all doubles": "1e999",
    "a whole number beyond all doubles": "9" * 400,
    "a number of more digits than Python reads": "-" + "9" * 100_000,
    "a fraction without end": "0." + "3" * 100_000,
    "the least double": "5e-324",
    "NaN": "NaN",
    "Infinity": "-Infinity",
    "no text": '""',
    "a text that could be a number": '"1e999"',
    "half a character": '"\\ud800"',
    "the other half": '"\\udc00 x"',
    "NUL": '"\\u0000"',
    "control signs": '"\\u0001\\u001b[2J\\u202e"',
    "a text of a megabyte": '"' + "x" * MEGABYTE + '"',
    "a name of a megabyte": '{"' + "x" * MEGABYTE + '": 1}',
    "SQL": '"\'; DROP TABLE scores; --"',
    "a day that is none": '"2026-02-30"',
    "the last of all days": '"9999-12-31T23:59:59-23:59"',
    "no list": "[]",
    "no object": "{}",
    "a long list": "[" + "0," * 100_000 + "0]",
    "a list of lists": "[" + "[]," * 50_000 + "[]]",
    "ten thousand names": "{" + ",".join(f'"{at}": {at}' for at in range(10_000)) + "}",
    "the same name twice": '{"a": 1, "a": 2}',
    "the same name ten thousand times": "{" + ",".join('"a": 1' for _ in range(10_000)) + "}",
    "as deep as may be": "[" * 28 + "]" * 28,
    "too deep": "[" * 40 + "]" * 40,
    "too deep by far": '{"a":' * 20_000 + "1" + "}" * 20_000,
}


def places(value: Any) -> Iterator[tuple[str | int, ...]]:
    """The way to a JSON value and to each within it."""
    yield ()
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from ((key, *way) for way in places(inner))


def answers_each(path: str, way: tuple[str | int, ...]) -> bool:
    """Whether the answer names a mistake in a part of a body beside what became of the other parts, and refuses none.

    A bare list of events is taken, too, which the description leaves out so that clients aren't built for a choice.
    """
    return path == "/v1/score/batch" or (path == "/v1/events" and not way)


def put(value: Any, way: tuple[str | int, ...]) -> Any:
    """A JSON value with the mark at the end of a way."""
    if not way:
        return MARK
    first, *rest = way
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[first] = put(value[first], tuple(rest))
    return copy


def written(marked: Any, value: str) -> bytes:
    """A marked body as JSON, with a value as it is written at the mark."""
    return json.dumps(marked).replace(json.dumps(MARK), value).encode()


@pytest.mark.slow
@pytest.mark.parametrize("name", VALUES)
def test_values_at_every_place(service: SimpleNamespace, name: str) -> None:
    """Whatever stands in place of a body or of any value within it is refused, unless the description allows it."""
    for path, media, example in bodies(service.document):
        if media == "application/json":
            for way in places(example):
                content = written(put(example, way), VALUES[name])
                status = check(service, path, content, media)
                if status in ACCEPTED and not answers_each(path, way):
                    schema = service.document["paths"][path]["post"]["requestBody"]["content"][media]["schema"]
                    checker = Draft202012Validator({**schema, "components": service.document["components"]})
                    checker.validate(json.loads(content))


def test_names_of_every_kind(service: SimpleNamespace) -> None:
    """A name that is repeated, endless, empty or half a character is refused or told at every level."""
    for path, media, example in bodies(service.document):
        whole = json.dumps(example)
        for name in ('"a"', f'"{"x" * MEGABYTE}"', '""', '"\\ud800"', '"__proto__"', '"\\u0000"'):
            for at in (match.end() for match in re.finditer(r"\{", whole)):
                check(service, path, f"{whole[:at]}{name}: 1, {name}: 2, {whole[at:]}".encode(), media)


@settings(max_examples=examples(300))
@given(data=st.data())
def test_values_at_some_places(service: SimpleNamespace, data: st.DataObject) -> None:
    """Several values that no field expects, in the body of a CRM too, with its name or without."""
    path, media, body = data.draw(st.sampled_from(bodies(service.document)))
    texts = {}
    for number in range(data.draw(st.integers(1, 3))):
        way = data.draw(st.sampled_from([*places(body)]))
        texts[json.dumps(f"{MARK}{number}")] = VALUES[data.draw(st.sampled_from([*VALUES]))]
        marked = json.dumps(put(body, way)).replace(MARK, f"{MARK}{number}")
        body = json.loads(marked)
    content = json.dumps(body)
    for mark, text in texts.items():
        content = content.replace(mark, text)
    check(service, path, content.encode(), media)


@settings(max_examples=examples(200))
@given(data=st.data())
def test_bytes_that_change(service: SimpleNamespace, data: st.DataObject) -> None:
    """A body of which some bytes are lost, doubled or changed on the way."""
    path, media, example = data.draw(st.sampled_from(bodies(service.document)))
    whole = bytearray(json.dumps(example).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))
    check(service, path, bytes(whole), media)
