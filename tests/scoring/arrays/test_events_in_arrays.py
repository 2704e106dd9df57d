"""Arrays count the events of each row as `score` counts those of one lead."""

from __future__ import annotations

from typing import Any

import pyarrow as arrow  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadledger import score_frame
from leadledger.scoring.engine.score import score
from leadledger.scoring.errors import LeadError
from leadledger.scoring.printers.sql.event_rows import make_event
from leadledger.scoring.scorecard import Scorecard
from tests.effort import examples
from tests.event_logs import AS_OF, COLUMNS, event_cards, event_rows
from tests.scoring.arrays.test_arrays_agree import find_outputs
from tests.test_events_agree import LEADS, SINCE, of_lead

LOGS = st.booleans().flatmap(lambda bad: st.lists(event_rows(LEADS - 1, bad), min_size=20, max_size=60))
LEADS_TABLE = arrow.table({"lead_id": [*map(str, range(LEADS))], "since": arrow.array(SINCE, arrow.string())})


@pytest.mark.slow
@settings(max_examples=examples(40))
@given(card=event_cards(), log=LOGS)
def test_scores_and_reasons(card: Scorecard, log: list[dict[str, str | None]]) -> None:
    """Each lead of a frame has the outputs, and the reasons, that it has by itself with its events."""
    events = arrow.table({name: arrow.array([row.get(name) for row in log], arrow.string()) for name in COLUMNS})
    rows = score_frame(card, LEADS_TABLE, AS_OF, keep=[], explain=True, events=events).to_pylist()
    for lead, row in enumerate(rows):
        problem = row.pop("problem")
        own: list[dict[str, Any]] = [make_event(event) for event in log if of_lead(event, lead)]
        try:
            result = score(card, {"lead_id": str(lead), "since": SINCE[lead]}, AS_OF, events=own)
        except LeadError:
            assert problem
            assert set(row.values()) == {None}
            continue
        assert problem is None
        assert row == find_outputs(card, result)
