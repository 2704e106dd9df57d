"""The leads that a release knows: those that it has learned from, and how models that had not seen them judged them.

A release is flattered by leads that it has learned from. So it keeps a digest of each, and a later comparison, or a
recalibration, takes for such a lead what a model that had not seen it gave, or leaves it out. A lead is told by its id,
or, without one, by its values.

No id can be read from the digests, which are short on purpose: a thousandth of all possible ids has the digest of some
lead. Whoever has the release and a guess can test it, with that much doubt; nobody can list the leads.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, replace
from datetime import date, timedelta
from hashlib import blake2b
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from leadledger.scoring.errors import ReleaseError
from leadledger.scoring.lead_ids import find_id_key
from leadledger.training.history import History
from leadledger.training.plausible_days import EPOCH

KNOWN_LEADS = "known_leads.json"  # the file of a release
KNOWN_LEADS_FORMAT = 1
SPARE_BITS = 10  # of a digest beyond those that number the leads: a lead that is new looks known once in 2 ** 10
NOT_JUDGED = -(2**15)  # in place of a total
FURTHEST_TOTAL = 2**15 - 1  # tenths; no forecast is that sure


@dataclass(frozen=True)
class KnownLeads:
    """Short digests (m,) of leads, ascending, each once, and their totals (m,) by models that had not seen them.

    A total is in tenths, on the scale of the release; `NOT_JUDGED` where no such model judged the lead. `bits` is the
    length of a digest. `until`: the day of the newest lead, None where leads have no days.
    """

    digests: NDArray[np.uint64]
    totals: NDArray[np.int16]
    bits: int
    until: date | None

    def look_up(self, digests: NDArray[np.uint64]) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
        """Which leads (n,), by their whole digests, are known, and their totals (n,); NaN where none was kept."""
        known, totals = np.zeros(len(digests), bool), np.full(len(digests), np.nan)
        if not len(self.digests):
            return known, totals
        short = _shorten(digests, self.bits)
        at = np.minimum(np.searchsorted(self.digests, short), len(self.digests) - 1)
        known = np.asarray(self.digests[at] == short)
        judged = known & (self.totals[at] != NOT_JUDGED)
        totals[judged] = self.totals[at[judged]]
        return known, totals

    def to_bytes(self) -> bytes:
        """As a file of the release: JSON, with the numbers little-endian in base 64."""
        record = {
            "format": KNOWN_LEADS_FORMAT,
            "leads": len(self.digests),
            "until": None if self.until is None else self.until.isoformat(),
            "bits": self.bits,
            "digests": _encode(self.digests, _form(self.bits)),
            "totals": _encode(self.totals, "<i2"),
        }
        return (json.dumps(record, indent=2) + "\n").encode()


NO_LEADS = KnownLeads(np.zeros(0, np.uint64), np.zeros(0, np.int16), SPARE_BITS, None)


def keep_leads(
    history: History,
    digests: NDArray[np.uint64],
    totals: NDArray[np.float64],
    drawn: NDArray[np.bool_] | None = None,
) -> KnownLeads:
    """The leads of a history for the release that learned from it.

    Shapes: (n,) whole digests, (n,) totals in tenths by models that had not seen the leads, NaN where there are none.
    `drawn` (n,) bool: the rows whose totals are kept, where leads have several.
    """
    if drawn is not None:
        totals = np.where(drawn, totals, np.nan)
        order = np.argsort(~drawn, kind="stable")  # np.unique takes the first row of a lead
        digests, totals = digests[order], totals[order]
    bits = min(64, SPARE_BITS + max(len(digests) - 1, 1).bit_length())
    short, first = np.unique(_shorten(digests, bits), return_index=True)
    judged = np.clip(np.nan_to_num(np.rint(totals[first]), nan=NOT_JUDGED), NOT_JUDGED, FURTHEST_TOTAL)
    newest = history.days if history.landmarks is None else history.landmarks.met
    until = None if newest is None else EPOCH + timedelta(int(newest.max()))
    return KnownLeads(short, judged.astype(np.int16), bits, until)


def read_known_leads(content: bytes) -> KnownLeads:
    """The leads of a release from its file. Raises ReleaseError where this version can't read it."""
    try:
        record: dict[str, Any] = json.loads(content)
        if record["format"] != KNOWN_LEADS_FORMAT:
            raise ValueError(f"it has format {record['format']}, and this version reads format {KNOWN_LEADS_FORMAT}")
        bits = int(record["bits"])
        digests = np.frombuffer(base64.b64decode(record["digests"]), _form(bits)).astype(np.uint64)
        totals = np.frombuffer(base64.b64decode(record["totals"]), "<i2").astype(np.int16)
        until = None if record["until"] is None else date.fromisoformat(record["until"])
        return KnownLeads(digests, totals, bits, until)
    except (ValueError, KeyError, TypeError) as error:
        raise ReleaseError(f"{KNOWN_LEADS} can't be read: {error}") from error


def digest_leads(history: History) -> NDArray[np.uint64]:
    """A whole digest (n,) of each lead: of its id, or, where it has none, of its values; the same in any order of rows.

    The id is that of the first id field that the history has. Values are those of the learnable fields and the dates.
    """
    ids = next((texts for texts in history.ids.values() if any(text is not None for text in texts)), None)
    if history.landmarks is not None:  # a lead is one in all its rows: that of the first
        first = history.first_rows
        of_lead = np.repeat(np.arange(len(first)), np.diff([*first, len(history)]))
        return digest_leads(replace(history.take(first), landmarks=None))[of_lead]
    texts = [""] * len(history) if ids is None else ["" if text is None else _spell(text) for text in ids]
    without = np.flatnonzero([not text for text in texts])
    for at, text in zip(without.tolist(), _describe(history, without), strict=True):
        texts[at] = text
    whole = b"".join(blake2b(text.encode(), digest_size=8, person=b"leadledger").digest() for text in texts)
    return np.frombuffer(whole, "<u8").astype(np.uint64)


def _spell(lead_id: str) -> str:
    return f"id {find_id_key(lead_id.strip())}"


def _describe(history: History, positions: NDArray[np.intp]) -> list[str]:
    """The values of some leads as texts; what is missing is left out, so that a column more changes nothing."""
    parts: list[list[str]] = [[] for _ in positions]
    columns = {name: history.frame[name].to_numpy(object)[positions] for name in history.frame.columns}
    columns |= {name: days[positions].astype(object) for name, days in history.dates.items()}
    for name in sorted(columns, key=str):
        for part, value in zip(parts, columns[name], strict=True):
            if not pd.isna(value):
                part.append(f"{name}={value}")
    return ["\n".join(part) for part in parts]


def _shorten(digests: NDArray[np.uint64], bits: int) -> NDArray[np.uint64]:
    return np.asarray(digests & np.uint64(2**bits - 1))


def _form(bits: int) -> str:
    """How digests are written, as NumPy says it: in four bytes where they fit."""
    return "<u4" if bits <= 32 else "<u8"


def _encode(numbers: NDArray[np.generic], form: str) -> str:
    return base64.b64encode(numbers.astype(form).tobytes()).decode()
