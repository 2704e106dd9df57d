"""/v1/views: views of the list of leads under names, each key its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from leadledger.api.app import create_app
from leadledger.api.log import view_store
from leadledger.api.service import keys
from leadledger.api.service.settings import Settings
from tests.logs import DATABASES, database_of
from tests.serving import CARD


@pytest.fixture(scope="module", params=DATABASES)
def clients(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The service for two people, each with a key."""
    home = tmp_path_factory.mktemp("home")
    texts = {name: keys.add(home, name, ("read",), datetime.now(UTC))[1] for name in ("Ann", "Bo")}
    with database_of(request.param, home) as url:
        app = create_app(Settings(card=CARD, home=home, log_url=url))
        with TestClient(app):
            yield {name: TestClient(app, headers={"Authorization": f"Bearer {text}"}) for name, text in texts.items()}


@pytest.fixture
def ann(clients: dict[str, TestClient]) -> Iterator[TestClient]:
    """One of them, who has no views."""
    yield clients["Ann"]
    for view in list_views(clients["Ann"]):
        assert clients["Ann"].delete(f"/v1/views/{view['name']}").status_code == 200


def list_views(client: TestClient) -> list[dict[str, str]]:
    """The views of a key."""
    views: list[dict[str, str]] = client.get("/v1/views").json()["views"]
    return views


def save(client: TestClient, name: Any, query: Any) -> Any:
    """What saving a view answers."""
    return client.post("/v1/views", json={"name": name, "query": query})


def test_a_view_is_saved_found_and_forgotten(ann: TestClient, clients: dict[str, TestClient]) -> None:
    """It comes by its name, with the address that shows it; another key has its own."""
    saved = {"name": "Calls / Øst", "query": "view=call&owner=%C3%98ye", "path": "/desk?view=call&owner=%C3%98ye"}
    assert save(ann, " Calls / Øst ", "/desk?view=call&owner=Øye").json() == saved
    assert save(ann, "all", "").json() == {"name": "all", "query": "", "path": "/desk"}
    assert [view["name"] for view in list_views(ann)] == ["all", "Calls / Øst"]
    assert list_views(clients["Bo"]) == []
    assert ann.get(saved["path"]).status_code == 200
    assert clients["Bo"].delete("/v1/views/all").json()["detail"] == "You have no view of this name."
    assert ann.delete("/v1/views/Calls / Øst").json() == {"name": "Calls / Øst"}
    assert [view["name"] for view in list_views(ann)] == ["all"]


def test_a_name_that_there_is_gets_the_new_view(ann: TestClient) -> None:
    """Each name stands for one view, the last that was saved."""
    for view in ("call", "ask"):
        assert save(ann, "mine", f"view={view}").status_code == 200
    assert [view["query"] for view in list_views(ann)] == ["view=ask"]


def test_a_key_has_so_many_views(ann: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more is refused; what there is can still be saved anew."""
    monkeypatch.setattr(view_store, "MOST_VIEWS_PER_KEY", 1)
    assert save(ann, "first", "view=call").status_code == 200
    refusal = save(ann, "second", "view=ask")
    assert (refusal.status_code, refusal.json()["detail"]) == (
        409,
        "You have 1 views already; forget one of them first.",
    )
    assert save(ann, "first", "view=all").status_code == 200


@pytest.mark.parametrize(
    ("name", "query", "path", "reason"),
    [
        ("", "view=call", "$.name", "is empty; send what you want to call the view"),
        (7, "view=call", "$.name", "is a number; send a text"),
        ("x" * 61, "view=call", "$.name", "is longer than 60 characters"),
        ("a\u202eb", "view=call", "$.name", "holds a sign that nobody sees"),
        ("a\0b", "view=call", "$.name", "holds a sign that nobody sees"),
        ("a", None, "$.query", "is null; send a text"),
        ("a", "search=" + "x" * 2_000, "$.query", "is longer than 2,000 characters"),
        ("a", "view=calls", "?view", "isn't one of its values. Did you mean 'call'?"),
        ("a", "grade=Z", "?grade", "isn't one of its values. Use one of: A, B, C, D."),
        ("a", "ownr=Ann", "?ownr", "unknown parameter. Did you mean 'owner'?"),
        ("a", "view=call&after=x", "?after", "unknown parameter."),
    ],
)
def test_what_is_no_view_is_refused(ann: TestClient, name: Any, query: Any, path: str, reason: str) -> None:
    """Each mistake is named, and nothing is saved."""
    refusal = save(ann, name, query)
    assert refusal.status_code == 422
    mistake, *_ = refusal.json()["errors"]
    assert mistake["path"] == path
    assert mistake["reason"].startswith(reason)
    assert list_views(ann) == []
