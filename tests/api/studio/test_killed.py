"""kill -9 of the service while two people edit and a third publishes: nothing that was acknowledged is lost."""

from __future__ import annotations

import json
import random
import threading
import time
from http.client import HTTPConnection, HTTPException
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from leadledger.api.studio.draft_store import DraftStore
from leadledger.models.releases.store import Releases
from leadledger.scoring.card.reader import parse_card
from tests.api.studio.conftest import CARD, publish
from tests.serving import PATIENCE, forked

ROUNDS = 12
EDITORS = 2


class Caller:
    """Somebody who asks a service until it is gone, on one connection."""

    def __init__(self, port: int) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and body of an answer. Raises OSError or HTTPException once the service is gone."""
        content = None if body is None else json.dumps(body)
        self.connection.request(method, path, content, {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read())

    def read_draft(self) -> Any:
        """The draft as it is; where there is none, a new one."""
        while True:
            status, draft = self.ask("GET", "/v1/drafts/x")
            if status == 200:
                return draft
            self.ask("POST", "/v1/drafts", {"name": "x"})


def edit(port: int, name: str, acknowledged: list[str]) -> None:
    """Put one rule after another into the draft, whatever others do; keep the names of those that were acknowledged."""
    caller = Caller(port)
    try:
        for number in count():
            rule = f"{name}_{number}"
            keys = {"when": "size > 5", "points": 1, "reason": rule}
            change = {
                **{"revision": caller.read_draft()["revision"], "on_conflict": "merge"},
                "edits": [{"kind": "put_rule", "name": rule, "keys": keys}],
            }
            status, answer = caller.ask("POST", "/v1/drafts/x/change", change)
            if status == 200:
                assert f"name: {rule}" in answer["text"]
                acknowledged.append(rule)
            else:
                assert status in (404, 409), answer  # it was published, or both put a rule at the same place
    except (OSError, HTTPException):
        pass


def publish_all(port: int, acknowledged: list[str]) -> None:
    """Publish the draft again and again; keep the names of the releases that were acknowledged."""
    caller = Caller(port)
    try:
        while True:
            draft = caller.read_draft()
            body = {"revision": draft["revision"]}
            if draft["is_behind"]:
                caller.ask("POST", "/v1/drafts/x/merge", {**body, "on_both": "mine"})
                continue
            for case in draft["check"]["cases"]:
                if not case["passes"]:
                    caller.ask("POST", "/v1/drafts/x/accept", {**body, "case": case["name"]})
            status, answer = caller.ask("POST", "/v1/drafts/x/publish", {**body, "note": "n"})
            if status == 200:
                acknowledged.append(answer["release"])
            else:
                assert status in (404, 409), answer
    except (OSError, HTTPException):
        pass


def list_rules(text: str) -> set[str]:
    """The names of the rules of a card, which must be one."""
    return {rule.name for rule in parse_card(text).rules}


@pytest.mark.slow
def test_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    """Each acknowledged edit is in the draft or in the current release, each acknowledged release in the journal."""
    publish(tmp_path, CARD.replace("expect: {points: 60, grade: B, fires: [large]}", "expect: {fires: [large]}"))
    drawn = random.Random(9)
    edits, published = list[str](), list[str]()
    for number in range(ROUNDS):
        before = len(edits)
        with forked(tmp_path, card=None, log="off") as port:
            people = [
                threading.Thread(target=edit, args=(port, f"r{number}_{editor}", edits)) for editor in range(EDITORS)
            ]
            people.append(threading.Thread(target=publish_all, args=(port, published)))
            for person in people:
                person.start()
            while len(edits) == before and people[0].is_alive():  # kill it while it works
                time.sleep(0.001)
            time.sleep(drawn.uniform(0, 0.6))
        for person in people:
            person.join()
        releases, drafts = Releases(tmp_path), DraftStore(tmp_path)
        current = releases.open()
        kept = {rule.name for rule in current.card.rules}
        for name in drafts.names():
            draft = drafts.read(name)
            assert [revision.revision for revision in draft.edits] == [*range(1, draft.revision + 1)]
            kept |= list_rules(draft.text)
        assert set(edits) <= kept
    journal = releases.journal()
    assert current.release == [entry.release for entry in journal if entry.happened][-1]
    made = {entry.release for entry in journal if entry.happened}
    assert set(published) <= made & set(releases.names())
    assert len(edits) >= ROUNDS
    assert published
