"""Compares what a CRM holds with the scores of the book, and writes nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from leadledger.api.crm.read_names import read_named_values
from leadledger.api.log.book_store import BookStore
from leadledger.api.log.score_marks import make_mark
from leadledger.api.log.sync_store import SyncedRecord
from leadledger.api.sync.account import SyncAccount, is_empty
from leadledger.api.sync.connector import RemoteRecord
from leadledger.api.sync.report import MOST_EXAMPLES, ValueChange
from leadledger.api.sync.write_back import WriteBack
from leadledger.scoring.errors import SyncError, quote

RECORDS_PER_CALL = 100


@dataclass
class Verification:
    """What was compared: `records` that are written, of which `differing` hold other values in the CRM.

    `waiting` have a newer score, which the next sync writes; `absent` are no longer in the CRM, which the next sync
    finds. `differences` lists some: `now` is what the CRM holds, `then` what was written.
    """

    system: str
    account: str = ""
    records: int = 0
    differing: int = 0
    waiting: int = 0
    absent: int = 0
    differences: list[ValueChange] = field(default_factory=list)
    calls: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Flat JSON."""
        return {
            **vars(self),
            "differences": [difference.to_dict() for difference in self.differences],
        }


def verify_account(account: SyncAccount) -> Verification:
    """Compare all live records of an account. Raises SyncError, SQLAlchemyError."""
    connector, verification = account.connector, Verification(account.name)
    verification.account = connector.check()
    state = account.store.read_state(account.name)
    if state.account and state.account != verification.account:
        raise SyncError(
            f"the secrets open the account {quote(verification.account)}, and this log was synced with"
            f" {quote(state.account)}; nothing was compared."
        )
    for page in account.store.read_live(account.name):
        for start in range(0, len(page), RECORDS_PER_CALL):
            _compare(account, page[start : start + RECORDS_PER_CALL], verification)
    verification.calls = connector.calls
    return verification


def _compare(account: SyncAccount, records: list[SyncedRecord], verification: Verification) -> None:
    ids = [record.id for record in records if record.mark]
    remote = {record.id: record for record in account.connector.read_records(ids, account.written_names)} if ids else {}
    rows = BookStore(account.log.engine).read_leads([record.lead for record in records if record.lead])
    for record in records:
        row = rows.get(record.lead_key)
        if row is not None and record.mark != make_mark(row):
            verification.waiting += 1
        elif row is not None and record.id not in remote:
            verification.absent += 1
        elif row is not None:
            result = WriteBack(account).work_out(row)
            if result is not None and not record.problem:
                verification.records += 1
                _compare_values(account, record, remote[record.id], account.reply.write(result), verification)


def _compare_values(
    account: SyncAccount,
    record: SyncedRecord,
    remote: RemoteRecord,
    values: dict[str, Any],
    verification: Verification,
) -> None:
    held = read_named_values(account.connector.crm, remote.content, account.written_names)
    differences = []
    for name, value in values.items():
        now = held.get(name)
        if name not in account.companions and not is_same(now, value):
            differences.append(ValueChange(record.id, record.lead, name, now, value))
    verification.differing += bool(differences)
    verification.differences += differences[: MOST_EXAMPLES - len(verification.differences)]


def is_same(held: Any, written: Any) -> bool:
    """Whether a CRM holds what was written: it may write a number, a day or nothing in another way."""
    if isinstance(held, list) and len(held) == 2:  # with its label
        return is_same(held[0], written) or is_same(held[1], written)
    if is_empty(held) and is_empty(written):
        return True
    texts = [_spell(value) for value in (held, written)]
    if texts[0] == texts[1]:
        return True
    try:
        return abs(float(texts[0]) - float(texts[1])) < 1e-6
    except ValueError:
        # A day may come back as the moment of its midnight.
        return len(texts[1]) == 10 and texts[0].startswith(f"{texts[1]}T00:00")


def _spell(value: Any) -> str:
    return "" if value is None or value is False else "\n".join(str(value).strip().splitlines())
