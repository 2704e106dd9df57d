"""`leadledger explain`: one lead, from a JSON file, standard input or a list."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command_line import run


def test_explain_reads_json_and_lists(small: Path, tmp_path: Path) -> None:
    """A JSON file, standard input, or a row of a list."""
    lead, leads = tmp_path / "lead.json", tmp_path / "leads.csv"
    lead.write_text('{"need": "clear"}')
    leads.write_text("need\nvague\nclear\n")
    by_file = run("explain", lead, "--card", small, "--as-of", "2026-07-01").output
    assert "Total  60.0" in " ".join(by_file.split()).replace("Total 60.0", "Total  60.0")
    assert run("explain", leads, "--row", 2, "--card", small, "--as-of", "2026-07-01").output == by_file
    assert run("explain", "-", "--card", small, "--as-of", "2026-07-01", stdin='{"need": "clear"}').output == by_file


@pytest.mark.parametrize(
    ("words", "stdin", "message"),
    [
        (["explain", "-"], "{", "standard input: is not JSON"),
        (["explain", "-"], "[1]", "standard input: must hold one lead as a JSON object"),
        (["explain", "-"], '{"need": "maybe"}', "$.need: 'maybe' is not one of: vague, clear"),
        (["explain", "-"], '{"need": ["clear"]}', "$.need: is a list; a lead is flat"),
        (["explain", "-"], "[" * 100_000, "standard input: is nested more than 32 levels deep"),
        (["explain", "nowhere.json"], None, "nowhere.json: can't be opened: No such file or directory"),
        (["explain", "nowhere.csv", "--row", "1"], None, "nowhere.csv: there is no such file"),
        (["sql", "--dialect", "oracle"], None, "there is no SQL printer for 'oracle'; there is one for: duckdb"),
    ],
)
def test_bad_input_is_refused(small: Path, words: list[str], stdin: str | None, message: str) -> None:
    """A message on stderr, status 1."""
    done = run(*words, "--card", small, stdin=stdin)
    assert done.exit_code == 1
    assert message in done.stderr


CARD = "name: named\nfields:\n  id: {kind: id}\n  need: {kind: text}\n"
LIST = "id,need\nL1,vague\nL7,clear\nL8,clear\nL8,vague\n"


@pytest.fixture
def named(tmp_path: Path) -> Path:
    """A card with an id."""
    (tmp_path / "named.yaml").write_text(CARD)
    return tmp_path / "named.yaml"


def test_explain_finds_a_lead_by_its_id(named: Path, tmp_path: Path) -> None:
    """`--id` names the row of a list, whatever its number."""
    (tmp_path / "leads.csv").write_text(LIST)
    by_id = run("explain", tmp_path / "leads.csv", "--id", "L7", "--card", named, "--as-of", "2026-07-01").output
    assert by_id == run("explain", tmp_path / "leads.csv", "--row", 2, "--card", named, "--as-of", "2026-07-01").output


@pytest.mark.parametrize(
    ("content", "options", "status", "message"),
    [
        (LIST, ["--id", "L9"], 1, "no row of column 'id' has the id 'L9'"),
        (LIST, ["--id", "L8"], 1, "several rows of column 'id' have the id 'L8'; name one with --row"),
        ("need\nclear\n", ["--id", "L8"], 1, "has no column of the lead's id; name a row, as in --row 1"),
        (LIST, ["--id", "L7", "--row", "1"], 2, "--row and --id both name a lead; give one of them"),
    ],
)
def test_an_id_that_names_no_row(
    named: Path, tmp_path: Path, content: str, options: list[str], status: int, message: str
) -> None:
    """A message, and no lead."""
    (tmp_path / "leads.csv").write_text(content)
    done = run("explain", tmp_path / "leads.csv", *options, "--card", named)
    assert (done.exit_code, message in done.stderr) == (status, True)


NEED = {"need": "clear"}


@pytest.mark.parametrize(
    "body",
    [
        {"lead": NEED},
        {"lead": NEED, "as_of": "2026-07-01"},
        {"id": "151", "properties": NEED},
        {"results": [{"id": "151", "properties": NEED}]},
        [{"attributes": {"type": "Lead"}, **NEED}],
        {"records": [{"attributes": {"type": "Lead"}, **NEED}]},
        {"value": [{"@odata.etag": "x", **NEED}]},
        {"NEED ": "clear"},
    ],
)
def test_explain_takes_bodies_as_the_service_does(small: Path, body: object) -> None:
    """The body of a request, and a record of a CRM, are opened as the service opens them."""
    by_body = run("explain", "-", "--card", small, "--as-of", "2026-07-01", "--json", stdin=json.dumps(body))
    assert by_body.exit_code == 0, by_body.stderr
    assert json.loads(by_body.stdout)["points"] == 60.0


def test_the_day_of_a_body_counts(small: Path) -> None:
    """A request's own day is taken; another one on the command line is refused."""
    body = json.dumps({"lead": NEED, "as_of": "2026-05-01"})
    assert json.loads(run("explain", "-", "--card", small, "--json", stdin=body).stdout)["as_of"] == "2026-05-01"
    done = run("explain", "-", "--card", small, "--as-of", "2026-07-01", stdin=body)
    assert done.exit_code == 2
    assert "--as-of is 2026-07-01, and the body says 2026-05-01; give one of the two" in done.stderr


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('[{"need": "clear"}]', 'standard input: must hold one lead as a JSON object, such as {"budget": 25000}'),
        (
            '{"need_": "clear", "x": 1}',
            "standard input: has no name that the card 'small' uses, the first is 'need_'; rename the members, or name"
            " them under `from:` in the card. Did you mean 'need'?",
        ),
        ('{"id": 1, "properties": {"x": 1}}', "$: has no name that the card uses; is it a record of hubspot, with its"),
        ('{"lead": {"need": "clear"}, "as": 1}', "$.as: unknown key. Use one of: lead, as_of, events."),
        ('{"leads": [{"need": "clear"}]}', "$.leads: unknown key."),
        ('{"need": "clear", "need": "vague"}', "$.need: is given more than once; send it once"),
        ('{"need": "clear", "Need": "clear"}', "$.Need: is the same name as 'need', spelt otherwise; send one of the"),
        ('{"lead": {"need": NaN}}', "$.lead.need: is NaN, which JSON does not have; send null for what is not known"),
    ],
)
def test_a_body_is_never_an_empty_lead(small: Path, body: str, message: str) -> None:
    """What the service would refuse is refused, and so is a lead of which the card uses no name."""
    done = run("explain", "-", "--card", small, stdin=body)
    assert done.exit_code == 1
    assert message in done.stderr


def test_an_empty_lead_is_explained(small: Path) -> None:
    """A lead without any name shows where every lead starts."""
    done = run("explain", "-", "--card", small, "--json", stdin="{}")
    assert json.loads(done.stdout)["points"] == 50.0


def test_names_that_look_like_fields_are_said(tmp_path: Path) -> None:
    """A name that no field uses, and that looks like one, is said beside the explanation, of JSON and of a list."""
    card = tmp_path / "card.yaml"
    card.write_text("name: two\nfields:\n  need: {kind: text}\n  budget: {kind: number}\n")
    done = run("explain", "-", "--card", card, stdin='{"need": "clear", "bugdet": 5}')
    assert done.exit_code == 0
    assert done.stderr == "The name 'bugdet' belongs to no field; did you mean 'budget'?\n"
    (tmp_path / "leads.csv").write_text("need,bugdet\nclear,5\n")
    done = run("explain", tmp_path / "leads.csv", "--row", 1, "--card", card)
    assert "Column 'bugdet' belongs to no field; did you mean 'budget'?" in done.stderr
    (tmp_path / "leads.csv").write_text("bugdet\n5\n")
    done = run("explain", tmp_path / "leads.csv", "--row", 1, "--card", card)
    assert done.exit_code == 1
    assert "leads.csv: no column belongs to the card 'two', the first is 'bugdet'" in done.stderr
