"""What BottleCRM's connector makes of answers that the application doesn't give, or that a proxy gives in its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from leadledger.api.sync.bottlecrm import BottleCrmConnector
from leadledger.api.sync.connector import RecordUpdate, Window
from leadledger.scoring.errors import SyncError
from tests.api.sync.servers.crm_server import CrmServer, answer_with, running
from tests.api.sync.syncing import QUICK

ID = "feca1e43-c3b1-4087-b4bb-0daf63066b01"
LEAD = {"id": ID, "updated_at": "2026-03-10T10:00:00Z", "custom_fields": {}}
NO_LEADS: dict[str, Any] = {"close_leads": {"close_leads": []}}
UNREADABLE_STAMP = "BottleCRM answered with a record whose time of change can't be read. Nothing of it was used."
WITHOUT_ID = "BottleCRM answered with a lead without its id. Nothing of it was used."


@pytest.fixture
def server() -> Iterator[CrmServer]:
    """A server that answers what a test says."""
    with running(CrmServer()) as server:
        yield server


@pytest.fixture
def connector(server: CrmServer) -> Iterator[BottleCrmConnector]:
    """A connector with a token."""
    connector = BottleCrmConnector(server.url, "bcrm_pat_secret", QUICK)
    yield connector
    connector.close()


def read_all(connector: BottleCrmConnector) -> Any:
    """All leads."""
    return list(connector.read_changes(Window("", ""), ()))


@pytest.mark.parametrize(
    ("do", "answers", "message"),
    [
        (
            BottleCrmConnector.check,
            [{"user_obj": {"role": "USER"}}],
            "BottleCRM shows all leads to administrators alone, and the owner of the token is none; make the token as"
            " an administrator.",
        ),
        (BottleCrmConnector.check, [{"user_obj": {"role": "ADMIN"}}, {}], "answered without 'created_at'"),
        (read_all, [{"open_leads": {}, **NO_LEADS}], "answered without the leads of 'open_leads'; nothing of it was"),
        (read_all, [NO_LEADS], "answered without 'open_leads'"),
        (read_all, [{"open_leads": {"open_leads": [{"id": 7}]}, **NO_LEADS}], WITHOUT_ID),
        (read_all, [{"open_leads": {"open_leads": [{**LEAD, "updated_at": "soon"}]}, **NO_LEADS}], UNREADABLE_STAMP),
        (read_all, [{"open_leads": {"open_leads": [{**LEAD, "id": "../org"}]}, **NO_LEADS}], WITHOUT_ID),
    ],
)
def test_answers_that_are_none(
    server: CrmServer,
    connector: BottleCrmConnector,
    do: Callable[[BottleCrmConnector], Any],
    answers: list[Any],
    message: str,
) -> None:
    """Each says what is wrong, and nothing of it is used."""
    server.faults.extend(answer_with(200, answer) for answer in answers)
    with pytest.raises(SyncError) as error:
        do(connector)
    assert message in str(error.value)
    assert "secret" not in str(error.value)


def test_a_server_that_goes_down_while_it_is_written_to(server: CrmServer, connector: BottleCrmConnector) -> None:
    """What was written is noted; the rest waits for the next run."""
    server.faults.append(answer_with(200, {"error": False}))
    server.faults.extend([answer_with(503)] * QUICK.attempts)
    first, second, third = connector.write([RecordUpdate(ID, {"custom_fields.a": number}) for number in range(3)])
    assert (first.problem, first.may_retry) == ("", False)
    assert (second.may_retry, third.may_retry) == (True, True)
    server.faults.extend([answer_with(503)] * QUICK.attempts)
    with pytest.raises(SyncError, match="the answer was 503"):
        connector.write([RecordUpdate(ID, {"custom_fields.a": 1})])


def test_custom_fields(server: CrmServer, connector: BottleCrmConnector) -> None:
    """A lead has every custom field that was asked for and exists; those that are off or of another type are unfit."""
    fields = [("need", "text", True), ("old", "text", False), ("seats", "number", True)]
    listed = [{"key": key, "field_type": kind, "is_active": active} for key, kind, active in fields]
    server.faults.append(answer_with(200, {"lead_obj": {**LEAD, "custom_fields": {"seats": 3.0}}}))
    server.faults.append(answer_with(200, {"definitions": listed}))
    names = ["custom_fields.need", "custom_fields.old", "custom_fields.none", "company_name"]
    (record,) = connector.read_records([ID], names)
    assert record.content["custom_fields"] == {"need": None, "seats": 3.0}
    kinds = {"custom_fields.need": "number", "custom_fields.old": "text", "custom_fields.seats": "number"}
    assert connector.find_unfit_properties({**kinds, "custom_fields.none": "text"}) == {
        "custom_fields.need": "is of the type text, and should be of number",
        "custom_fields.old": "is switched off in the settings of BottleCRM",
    }
    assert connector.find_missing_properties({**kinds, "custom_fields.none": "text"}) == ["custom_fields.none"]
