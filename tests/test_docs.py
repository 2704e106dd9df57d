"""The reference pages and the schema of the card say what the program does."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from leadledger.api.app import create_app
from leadledger.api.cli.commands import cli
from leadledger.api.http.access import GuardedRoute, RouteTable, build_route_table
from leadledger.api.service.keys import SCOPES
from leadledger.api.service.settings import Settings
from leadledger.scoring.card.card_keys import BETTER, KEYS, KINDS
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.card.write_back import DEFAULT_PROPERTIES
from leadledger.scoring.cleaning import make_cleaner
from leadledger.scoring.engine.cases import find_failures
from leadledger.scoring.errors import UnreadableValue
from leadledger.scoring.field import Field
from leadledger.scoring.outputs import VERDICTS, WRITE_BACK_OUTPUTS

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "card.md").read_text("utf-8")
SCHEMA = json.loads((ROOT / "scoring" / "card" / "card.schema.json").read_text("utf-8"))
CARDS = [*sorted(ROOT.glob("examples/*/card.yaml")), ROOT / "tests" / "cases" / "every_key.yaml"]


class Days(yaml.SafeLoader):
    """YAML as editors read it: a day is a text."""


Days.yaml_implicit_resolvers = {
    sign: [resolver for resolver in resolvers if resolver[0] != "tag:yaml.org,2002:timestamp"]
    for sign, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@pytest.mark.parametrize("part", KEYS)
def test_every_key_is_described(part: str) -> None:
    """Each key of a card stands in the reference page."""
    for key in KEYS[part]:
        assert f"`{key}`" in PAGE, key


def test_the_card_of_the_page_is_a_card() -> None:
    """The whole card of the page is read, and its cases hold."""
    (text,) = re.findall(r"^```yaml\n(name:.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
    assert find_failures(parse_card(text)) == ()


@pytest.mark.parametrize("part", KEYS)
def test_the_schema_has_the_same_keys(part: str) -> None:
    """The schema knows the keys of the reader, and which of them must be there."""
    schema: dict[str, Any] = SCHEMA if part == "card" else SCHEMA["$defs"][part]
    assert set(schema["properties"]) == set(KEYS[part])
    assert set(schema["required"]) == {key for key, needed in KEYS[part].items() if needed}
    assert schema["additionalProperties"] is False


def test_the_schema_has_the_same_words() -> None:
    """Where the schema lists the words that a key may have, they are the vocabulary of the program, in its order."""
    parts = SCHEMA["$defs"]
    assert parts["field"]["properties"]["kind"]["enum"] == list(KINDS)
    assert parts["field"]["properties"]["better"]["enum"] == list(BETTER)
    assert parts["expect"]["properties"]["recommendation"]["enum"] == list(VERDICTS)
    assert list(parts["written"]["properties"]) == list(WRITE_BACK_OUTPUTS)
    assert set(KEYS["expect"]) - {"fires", "not_fires"} <= set(WRITE_BACK_OUTPUTS)


def test_standard_properties_are_told() -> None:
    """The page names the properties that are written without `write_back`, and an author could write the same."""
    for system, names in DEFAULT_PROPERTIES.items():
        assert list(names) == list(DEFAULT_PROPERTIES["hubspot"])
        assert f"`{names['score']}`" in PAGE
        card = f"name: a\nfields: {{b: {{kind: text}}}}\nwrite_back: {{{system}: {json.dumps(names)}}}\n"
        assert parse_card(card).write_back == {system: names}


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.parent.name)
@pytest.mark.parametrize("loader", [Days, yaml.BaseLoader])
def test_cards_fit_the_schema(path: Path, loader: type[Days] | type[yaml.BaseLoader]) -> None:
    """What the reader takes, an editor takes too, whether or not it types the scalars."""
    Draft202012Validator.check_schema(SCHEMA)
    Draft202012Validator(SCHEMA).validate(yaml.load(path.read_text("utf-8"), Loader=loader))


@pytest.mark.parametrize("text", ["yes", "No", "TRUE", "false"])
def test_flags_fit_the_schema_in_any_case(text: str) -> None:
    """A flag that the reader takes fits the schema however it is written."""
    card = f"name: a\nfields: {{b: {{kind: text, learn: {text}}}}}\n"
    assert parse_card(card).fields["b"].learn is (text.lower() in ("yes", "true"))
    for loader in (Days, yaml.BaseLoader):
        Draft202012Validator(SCHEMA).validate(yaml.load(card, Loader=loader))


SERVICE = (ROOT / "docs" / "keys.md").read_text("utf-8")
LIMITS = [setting.name for setting in dataclasses.fields(Settings) if setting.name not in ("home", "release", "card")]


@pytest.mark.parametrize("name", LIMITS)
def test_every_limit_is_described(name: str) -> None:
    """Each setting of the service stands in its page with its default, and can be given on the command line."""
    option = f"--{name.replace('_', '-')}"
    default = getattr(Settings(), name)
    row = f"`{option}` | {default:,} |" if isinstance(default, int) else f"`{option} {default}`"
    row = f"`{option}`" if default is None or default is False else row
    assert row in SERVICE
    assert option in {word for parameter in cli.commands["serve"].params for word in parameter.opts}


@pytest.mark.parametrize("scope", SCOPES)
def test_every_scope_is_described(scope: str) -> None:
    """Each scope stands in the page."""
    assert f"| `{scope}` |" in SERVICE


CONTRACT = (ROOT / "docs" / "contract.md").read_text("utf-8")


def listed(routes: RouteTable) -> list[tuple[str, GuardedRoute]]:
    """All routes of a service with their methods."""
    return [(method, route) for by_method in routes.by_path() for method, route in by_method.items()]


def test_every_operation_is_listed() -> None:
    """The page of the contract lists each operation with its path and its scope, and each form of the description."""
    app = create_app(Settings(card=CARDS[0], log="off"))
    paths = app.openapi()["paths"]
    needs = {(method, route.template): route.needs for method, route in listed(build_route_table(app.routes))}
    for path, operations in paths.items():
        for method, operation in operations.items():
            scope = needs[method.upper(), path]
            needed = f"`{scope}`" if scope in SCOPES else {"any": "any", "open": "none", "signed": "a signature"}[scope]
            assert f"| `{operation['operationId']}` | `{method.upper()} {path}` | {needed} |" in CONTRACT
    assert CONTRACT.count("| `/openapi") + CONTRACT.count("| `/swagger") == len(
        [route for _, route in listed(build_route_table(app.routes)) if route.template.endswith(".json")]
    )


def test_every_file_that_contributing_names_is_there() -> None:
    """The table "Where is …?" leads to files; `<…>` stands for any name, a bare name is beside the one before it."""
    table = (ROOT / "CONTRIBUTING.md").read_text("utf-8").split("## Where is …?")[1].split("## What must stay true")[0]
    rows = re.findall(r"^\| (.+) \| (.+) \|$", table, flags=re.MULTILINE)[1:]
    assert len(rows) >= 40
    for concept, files in rows:
        folder = Path()
        for name in re.findall(r"`([^`]+)`", files):
            folder = folder if "/" not in name else Path(name).parent
            assert list(ROOT.glob(str(folder / re.sub("<.*>", "*", Path(name).name)))), (concept, name)


VALUES = (ROOT / "docs" / "values.md").read_text("utf-8")
FORMS = {
    kind: re.search(rf"^\| {kind} \| (.*) \| (.*) \| (.*) \|$", VALUES, re.MULTILINE)
    for kind in ("number", "date", "flag")
}


@pytest.mark.parametrize("kind", FORMS)
def test_the_table_of_values_is_true(kind: str) -> None:
    """What the page lists as read is read; what it lists as refused, or to be declared, is refused without that."""
    row = FORMS[kind]
    assert row is not None
    clean = make_cleaner(Field("a", kind), frozenset())  # type: ignore[arg-type]
    read = re.findall("`([^`]+)`", row[1]) if kind != "flag" else re.findall(r"[a-z0-9.]+", row[1].split("; in any")[0])
    assert len(read) >= 3
    assert None not in map(clean, read)
    declared = [form for form in re.findall("`([^`]+)`", row[2]) if form not in ("format", "time_zone")]
    for form in (*declared, *re.findall("`([^`]+)`", row[3])):
        with pytest.raises(UnreadableValue):
            clean(form)
