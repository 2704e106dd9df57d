"""The events of the simulated CRM as a table: all kinds together, with what arrives late and what is sent again."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from software_crm.arrays import Codes, Floats
from software_crm.gateways import draw_scans
from software_crm.habits import LOOKED_AT
from software_crm.leads import Leads
from software_crm.mails import MAILS, count_links, name_links
from software_crm.people import DAY, SECOND, draw_first_steps, draw_habits, draw_proposals, draw_replies

AFTERWARDS = 30  # days after the opportunity in which events go on
RESENT = 0.015  # the share of events that come twice
SOURCES = {"visit": "web", "form": "web", "mail_open": "mail", "mail_click": "mail", "call": "crm", "proposal": "crm"}
DAYS_ONLY = ("call", "proposal")  # kinds of which the CRM notes no more than the day
NUMBERS = ("seconds", "minutes", "links", "seconds_after_delivery")
COLUMNS = (
    *("lead", "kind", "time", "id", "source", "received", "path", "seconds", "cookie", "form", "outcome", "minutes"),
    *("mail", "link", "links", "agent", "method", "seconds_after_delivery"),
)


def draw_events(rng: np.random.Generator, x: Leads, became: Floats, until: int) -> pd.DataFrame:
    """All events up to the day `until`, a row each; `became` is the day of each lead's opportunity (NaN: never).

    As in people.py: places and codes instead of texts. `machine` says whether a gateway did it.
    """
    last = np.minimum(x.created + LOOKED_AT, until)
    last = np.where(np.isnan(became), last, np.minimum(last, became + AFTERWARDS)).astype(np.int64)
    replies = draw_replies(rng, x, last, became)
    people = [*draw_habits(rng, x, last, became), *draw_first_steps(rng, x), draw_proposals(rng, became, until)]
    scans = draw_scans(rng, x, last, pd.concat(replies[:-1]))
    events = pd.concat([*people, *replies, *scans], ignore_index=True)
    events["machine"] = events["machine"].notna()
    events["day"] = events["time"] // DAY
    events["sent_day"] = events["sent"] // DAY
    events = events[(events["known"] <= until) & (events["day"] <= until)]
    return events.sort_values(["known", "time"], kind="stable").reset_index(drop=True)


def event_table(rng: np.random.Generator, events: pd.DataFrame, until: int, *, truth: bool = False) -> pd.DataFrame:
    """The events as other programs see them, in the order in which they became known, up to the day `until`.

    Some come twice.

    Columns: those of COLUMNS, with `truth` also `machine`. Times are texts, as 2026-06-30T07:30:43.052Z or, of calls
    and proposals, as a day. Missing: None or NaN.
    """
    kinds = events["kind"].to_numpy().astype(str)
    is_late = (events["known"] > events["day"]).to_numpy()
    received = events["known"] * DAY + events["time"] % DAY
    mail, is_mail = events["mail"].fillna(0).to_numpy().astype(np.int64), events["mail"].notna().to_numpy()
    link, is_click = events["link"].fillna(0).to_numpy().astype(np.int64), events["link"].notna().to_numpy()
    times = write_times(events["time"].to_numpy())
    sources = pd.Series(kinds).map(SOURCES)
    numbers = np.char.mod("%08d", np.arange(1, len(events) + 1))
    table = pd.DataFrame(
        {
            "lead": lead_names(events["lead"].to_numpy()),
            "kind": kinds,
            "time": np.where(np.isin(kinds, DAYS_ONLY), [time[:10] for time in times], times),
            "id": np.char.add(sources.str[0].to_numpy().astype(str), numbers).astype(object),
            "source": sources.to_numpy(),
            "received": np.where(is_late, write_times(received.to_numpy()), None),
            "cookie": np.where(events["cookie"].notna(), np.char.mod("c%07d", events["lead"] + 1).astype(object), None),
            "mail": np.where(is_mail, MAILS[mail], None),
            "link": np.where(is_click, name_links(mail, link), None),
            "links": np.where(is_click, count_links(mail), np.nan),
            "seconds_after_delivery": np.where(is_mail, (events["time"] - events["sent"]) // SECOND, np.nan),
        }
    )
    table = table.join(events[[name for name in (*COLUMNS, "machine") if name not in table]])
    order = received.where(is_late, events["time"]).to_numpy()
    (again,) = np.nonzero(rng.random(len(table)) < RESENT)
    order = np.concatenate([order, order[again] + (2.5 * DAY * rng.random(len(again))).astype(np.int64)])
    resent = table.iloc[again].assign(received=write_times(order[len(table) :]))
    in_time = np.argsort(order, kind="stable")
    in_time = in_time[order[in_time] < (until + 1) * DAY]
    table = pd.concat([table, resent]).iloc[in_time].reset_index(drop=True)
    return table[[*COLUMNS, "machine"] if truth else [*COLUMNS]]


def write_events(table: pd.DataFrame, path: Path) -> None:
    """Write the table as CSV or, by its extension, Parquet; whole numbers without a point."""
    columns = ", ".join(f"CAST({name} AS BIGINT) AS {name}" if name in NUMBERS else name for name in table)
    kind = "PARQUET" if path.suffix == ".parquet" else "CSV, HEADER"
    target = str(path).replace("'", "''")
    with duckdb.connect() as database:
        database.register("events", table)
        database.execute(f"COPY (SELECT {columns} FROM events) TO '{target}' (FORMAT {kind})")


def lead_names(places: Codes) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """The ids of leads by their places, as in the list of leads."""
    return np.char.mod("L%07d", places + 1).astype(object)


def write_times(times: Codes) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """Times as texts in UTC, to the millisecond."""
    texts = np.datetime_as_string(times.astype("datetime64[us]"), unit="ms")
    return np.char.add(texts, "Z").astype(object)
