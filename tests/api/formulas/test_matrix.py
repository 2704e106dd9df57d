"""A matrix of points as a card: the same points on random leads, and clear words for what can't be read."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from leadledger.api.formulas.card_text import write_card
from leadledger.api.formulas.imported_file import read_formula
from leadledger.api.formulas.parity import Parity, RuleDifference, compare_scores
from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.errors import DataError

AS_OF = date(2026, 1, 15)
LEADS = 1000
SIMPLE = """field,operator,value,points
Job Title,contains,CEO,20
Job Title,contains,director's,10
Country,in,"NO; SE",5
Country,not in,"US, CA",2.5
Email,ends with,@gmail.com,-10
Employees,>=,100,12
Employees,between,10..99,5
Employees,<>,7,1
"""
GROUPED = """Field;Operator;Value;Points;Group;Limit
Job Title;starts_with;head;15;person;20
Job Title;does not contain;intern;10;person;
Subscribed;is;no;-15;activity;-20
Visits;is empty;;-8;activity;
Visits;>;3;9;activity;12
Visits;at least;10;9;activity;
Created;>;2025-06-30;3;;
Created;between;2025-01-01 to 2025-03-31;-3;;
Email;is known;;4;;
Industry;resembles;software;8;;
"""
VALUES: Mapping[str, Sequence[Any]] = {
    "Job Title": ["CEO", "ceo & founder", "Director's aide", "Head of IT", "intern", "", None, 'a "b"\\c'],
    "Country": ["NO", "se", "US", "DE", "", None],
    "Email": ["a@gmail.com", "a@example.com", None],
    "Employees": [0, 7, 9, 10, 99, 99.5, 100, 5000, None],
    "Subscribed": ["yes", "No", True, False, None],
    "Visits": [0, 3, 4, 10, None],
    "Created": ["2025-06-30", "2025-07-01", "2025-01-01", "2025-03-31", "2026-02-01", None],
    "Industry": ["Software", None],
}


def import_matrix(folder: Path, text: str, seed: int = 1) -> Parity:
    """The proof of a matrix on random leads."""
    path = folder / "matrix.csv"
    path.write_text(text, "utf-8")
    imported_file = read_formula(path)
    draw = random.Random(seed)
    leads = [{column: draw.choice(values) for column, values in VALUES.items()} for _ in range(LEADS)]
    return compare_scores(
        write_card(imported_file.formula),
        ((lead, ()) for lead in leads),
        AS_OF,
        lambda lead, events: imported_file.score_old(lead, events, AS_OF),
    )


@pytest.mark.parametrize("text", [SIMPLE, GROUPED])
def test_the_card_gives_the_points_of_the_matrix(text: str, tmp_path: Path) -> None:
    """On 1,000 random leads, each row earns the same by the card, and so do the limits."""
    assert import_matrix(tmp_path, text) == Parity(LEADS, LEADS, 0, ())


def test_what_the_card_lacks_is_a_difference_of_that_row(tmp_path: Path) -> None:
    """A row whose points a rule can't hold is named, with the leads that lack them and how many they are."""
    parity = import_matrix(tmp_path, f"{SIMPLE}Industry,=,Software,150\n")
    (difference,) = parity.differences
    assert difference == RuleDifference("row 9", "", LEADS - parity.same, -150)
    assert 300 < parity.same < 700


REFUSED = {
    ",=,x,1": "row 1: there is no field",
    "a,resembles,x,1": "row 1: the operator 'resembles' is not known; use one of: =, ==, is, ",
    "a,=,,1": "row 1: there is no value to compare with",
    "a,=,x,many": "row 1: the points 'many' is not a number",
    "a,=,x,nan": "row 1: the points 'nan' is not a number",
    "a,between,5,1": "row 1: between needs two values, such as 10..50, not '5'",
    "a,>,x,1": "row 1: > compares numbers or days, and 'a' has other values in the matrix",
    "a,=,x,0": "row 1: 0 points change nothing",
    "a,=,x,101": "row 1: 101 points; a rule has at most 100",
    "a,=,x,1.25": "row 1: 1.25 points; a rule has at most one decimal",
}


@pytest.mark.parametrize("row", REFUSED)
def test_a_row_that_cannot_be_translated_is_named(row: str, tmp_path: Path) -> None:
    """Each such row has its place and the reason in the card's head; the others are translated."""
    path = tmp_path / "matrix.csv"
    path.write_text(f"field,operator,value,points\n{row}\nb,=,x,1\n", "utf-8")
    imported = write_card(read_formula(path).formula)
    (part,) = imported.untranslated
    assert f"{part.path}: {part.reason}".startswith(REFUSED[row])
    assert len(parse_card(imported.text).rules) == 1
    assert f"# - {REFUSED[row]}"[:60] in imported.text


def test_two_limits_of_a_side_are_refused(tmp_path: Path) -> None:
    """A group has one upper limit; a row with another is named."""
    path = tmp_path / "matrix.csv"
    path.write_text("field,operator,value,points,group,limit\na,=,x,1,g,5\na,=,y,1,g,6\nb,=,x,1,,7\n", "utf-8")
    assert [(part.path, part.reason) for part in read_formula(path).formula.untranslated] == [
        ("row 2", "the group 'g' has the limit 5 in an earlier row, and 6 here"),
        ("row 3", "a limit needs a group"),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "field,value,points\na,1,1\n",
            "a matrix needs the columns field, operator, value, points; there is no operator",
        ),
        (
            "field,operator,value,points\na,=,1,300\n",
            "nothing in it can be translated to a rule\n  row 1: 300 points; a",
        ),
        ("field,operator,value,points\na,resembles,1,1\n", "nothing in it can be translated to a rule"),
    ],
)
def test_a_file_that_is_no_matrix_is_refused(content: str, message: str, tmp_path: Path) -> None:
    """The error names the file and what it lacks."""
    path = tmp_path / "matrix.csv"
    path.write_text(content, "utf-8")
    with pytest.raises(DataError) as caught:
        write_card(read_formula(path).formula)
    assert str(caught.value).partition(": ")[0].endswith("matrix.csv")
    assert f"matrix.csv: {message}" in str(caught.value)


HOSTILE = [
    "a: b",
    "'; --",
    'x"}, rules: []',
    "#c",
    "\u2028!",
    "{{}}",
    "*a",
    "é\U0001f600",
    "\\",
    "and",
    "date",
    "1",
]


def test_hostile_names_and_values_stay_texts(tmp_path: Path) -> None:
    """Whatever names, values and groups hold, the card has as many rules as the matrix, and gives its points."""
    cells = ['"' + text.replace('"', '""') + '"' for text in HOSTILE]
    rows = [f"{cell},=,{cells[-1 - i]}a,{i + 1},{cell}," for i, cell in enumerate(cells)]
    rows = [row.replace('"a,', 'a",') for row in rows]
    path = tmp_path / "x: y\n# z.csv"
    path.write_text("field,operator,value,points,group,limit\n" + "\n".join(rows) + "\n", "utf-8")
    imported = write_card(read_formula(path).formula)
    card = parse_card(imported.text)
    assert len(card.rules) == len(HOSTILE), imported.untranslated
    assert {"a: b", "'; --"} <= {column for field in card.fields.values() for column in field.written_columns}


def test_a_sign_that_cannot_be_seen_is_named(tmp_path: Path) -> None:
    """A value that no condition can hold is left out with its reason."""
    path = tmp_path / "matrix.csv"
    path.write_text("field,operator,value,points\na,=,x\u202ey,1\nb,=,x,1\n", "utf-8")
    (part,) = write_card(read_formula(path).formula).untranslated
    assert (part.path, part.reason) == ("row 1", "a name or value in it holds a sign that can't be seen; remove it")


def test_two_spellings_of_a_field_are_one(tmp_path: Path) -> None:
    """As everywhere, case, white space and `_` don't count in names of columns, in the matrix and in the proof."""
    parity = import_matrix(tmp_path, "field,operator,value,points\njob_title,contains,ceo,5\nJob Title,=,Intern,-3\n")
    assert parity == Parity(LEADS, LEADS, 0, ())
