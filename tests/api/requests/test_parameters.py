"""Parameters of a query string."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from leadledger.api.requests.mistakes import Mistakes
from leadledger.api.requests.parameters import read_page_parameters
from tests.api.answers import DAY, SCORE, read_problem


@pytest.mark.parametrize(
    ("query", "wrong", "reason"),
    [
        ("explain=all", "?explain", "is not a way to explain. Use one of: none, top, full."),
        ("as_of=soon", "?as_of", "is not a date; write it like 2026-01-31"),
        ("as_of=2026-02-01", "?as_of", "is 2026-02-01, and the body says 2026-01-01; send one of the two"),
        ("explian=top", "?explian", "unknown parameter. Did you mean 'explain'?"),
    ],
)
def test_parameters_with_mistakes(client: TestClient, query: str, wrong: str, reason: str) -> None:
    """A parameter that can't be read, or isn't known, is refused."""
    problem = read_problem(client.post(f"{SCORE}?{query}", json={"lead": {}, "as_of": DAY}), 422)
    assert [(mistake["path"], mistake["reason"]) for mistake in problem["errors"]] == [(wrong, reason)]


@pytest.mark.parametrize("limit", ["0", "201", "-1", "+5", "x", "٣", "0000000015000", "9" * 5000, ""])
def test_a_limit_is_a_number_from_1_to_200(limit: str) -> None:
    """However it is written, nothing else is."""
    mistakes = Mistakes()
    read_page_parameters(f"limit={limit}".encode(), mistakes)
    (mistake,) = mistakes.to_refusal().mistakes
    assert mistake.reason == "is not a number from 1 to 200"


def test_thousands_of_parameters() -> None:
    """They are counted, not read."""
    mistakes = Mistakes()
    read_page_parameters(b"&".join([b"x=1"] * 32_000), mistakes)
    (mistake,) = mistakes.to_refusal().mistakes
    assert mistake.reason == "has more than 50 parameters; there are 2: limit, before"
