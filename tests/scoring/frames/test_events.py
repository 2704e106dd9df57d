"""Data frames with events: each lead of a frame has the score of Python with its events, from every library."""

from __future__ import annotations

from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]
import pytest

from leadledger.scoring.card.reader import parse_card
from leadledger.scoring.engine.score import score
from leadledger.scoring.errors import DataError
from leadledger.scoring.frames.score import score_frame
from leadledger.scoring.scorecard import build_untrained
from tests.api.lists.test_list_events import CARD, DAY, EVENTS, LACKING, LEADS, raw_events

MAKERS = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "arrow": pa.Table.from_pylist}


def rows_of(frame: Any) -> list[dict[str, Any]]:
    """The rows of a frame."""
    if isinstance(frame, pd.DataFrame):
        return frame.to_dict("records")  # type: ignore[return-value]  # the names of the columns are texts
    return frame.to_dicts() if isinstance(frame, pl.DataFrame) else frame.to_pylist()


@pytest.mark.slow
@pytest.mark.parametrize("leads", MAKERS)
@pytest.mark.parametrize("events", MAKERS)
def test_scores_are_those_of_python(leads: str, events: str) -> None:
    """Leads and their events may lie in frames of two libraries; points and reasons are those of Python."""
    scored = score_frame(CARD, MAKERS[leads](LEADS), DAY, events=MAKERS[events](EVENTS), explain=True)
    for lead, row in zip(LEADS, rows_of(scored), strict=True):
        result = score(CARD, lead, DAY, events=raw_events(lead["lead_id"]))
        assert (row["lead_id"], row["points"], row["grade"]) == (lead["lead_id"], result.points, result.grade)
        assert row["gain_1"] in (*result.recommendation.reasons, None) or pd.isna(row["gain_1"])


def test_a_property_without_a_column_is_said(caplog: pytest.LogCaptureFixture) -> None:
    """Where no column holds a property that the card reads, a warning says so."""
    card = build_untrained(CARD.card)  # one that nobody was warned of
    events = [{"lead": "L1", "kind": "visit", "time": "2026-01-15", "url": "/pricing"}]
    score_frame(card, pd.DataFrame(LEADS), DAY, events=pd.DataFrame(events))
    assert f"score_frame: {LACKING}" in caplog.messages


def test_properties_that_are_no_objects_are_a_problem_of_their_lead() -> None:
    """A text that is no JSON stops no frame; the others have their points."""
    events = [{"lead": "L1", "kind": "visit", "time": "2026-01-15", "properties": "{oops"}]
    leads = pd.DataFrame({"lead_id": ["L1", "L2"], "employees": [1, 2]})
    rows = rows_of(score_frame(CARD, leads, DAY, events=pd.DataFrame(events)))
    assert rows[0]["problem"] == 'an event: properties: \'{oops\' must be an object like {"path": "/pricing"}'
    assert rows[1]["points"] == 50.0


def test_typed_and_odd_columns() -> None:
    """Times, numbers and Python objects in columns of events are read as their texts would be."""
    times = pd.to_datetime(["2026-01-14T23:30:00Z", "2026-01-15T23:30:00Z"])
    frame = pd.DataFrame({"lead": [1, 2], "kind": "visit", "time": times, "seconds": [31.0, None]})
    frame["path"] = pd.Series(["/pricing", None], dtype=object)
    scored = score_frame(CARD, pd.DataFrame({"lead_id": [1, 2]}), DAY, events=frame)
    events = [{"kind": "visit", "time": str(times[0]), "properties": {"path": "/pricing", "seconds": 31}}]
    later = [{"kind": "visit", "time": str(times[1])}]
    expected = [score(CARD, {"lead_id": i}, DAY, events=of).points for i, of in ((1, events), (2, later))]
    assert list(scored["points"]) == expected


def test_events_that_cannot_be_read() -> None:
    """A lead with one has no score, and the problem says which event and why."""
    events = pd.DataFrame([{"lead": "L1", "kind": "visit", "time": "soon", "id": "v3", "seconds": "many"}])
    leads = pd.DataFrame([{"lead_id": "L1"}, {"lead_id": "L2"}])
    first, second = rows_of(score_frame(CARD, leads, DAY, events=events))
    assert pd.isna(first["points"])
    assert first["problem"] == (
        "event 'v3': time: 'soon' is not a time; write it like 2026-01-31T10:00:00Z, or a day alone, 2026-01-31; event"
        " 'v3': seconds: 'many' is not a number; write it like 25000, 2.5 or 1e6"
    )
    assert second["points"] == score(CARD, {"lead_id": "L2"}, DAY, events=[]).points


def test_what_is_refused() -> None:
    """A card with events needs them and ids of leads, one without takes none; frames lie in memory."""
    leads, events = pd.DataFrame(LEADS), pd.DataFrame(EVENTS)
    plain = build_untrained(parse_card("{name: a, fields: {lead_id: {kind: id}}}"))

    def refused(card: Any, frame: Any, given: Any) -> str:
        with pytest.raises(DataError) as caught:
            score_frame(card, frame, DAY, events=given)
        return str(caught.value)

    message = "the card 'web' counts events; give those of the leads as a frame, events=…"
    assert refused(CARD, leads, None) == message
    mend = "declare their kinds in the card, or leave them out"
    assert refused(plain, leads, events) == f"the card 'a' has no `events:`, so it can't count any; {mend}"
    message = "the data frame: events aren't counted for a LazyFrame yet; give a frame that lies in memory"
    assert refused(CARD, pl.LazyFrame(LEADS), events) == message
    message = "the frame of events: must lie in memory: a DataFrame of pandas or Polars, or a Table of Arrow"
    assert refused(CARD, leads, pl.LazyFrame(EVENTS)) == message
    message = "the frame of events: events need an id for each lead, a column of a field of `kind: id`"
    assert refused(CARD, leads.drop(columns="lead_id"), events) == message
    message = "the frame of events: has no column 'time'; its columns are 'lead', 'kind';"
    message += " rename the one with the times of the events"
    assert refused(CARD, leads, events[["lead", "kind"]]) == message
