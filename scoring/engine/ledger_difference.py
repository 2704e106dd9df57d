"""The difference of two ledgers of one card, entry by entry: it adds up to the difference of the totals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from leadledger.scoring.outputs import EntryKind
from leadledger.scoring.result import Entry


@dataclass(frozen=True, slots=True)
class EntryDifference:
    """What an entry is worth in two ledgers (tenths), 0 where a ledger hasn't got it, and the reason in each.

    A reason is empty where the ledger hasn't got the entry.
    """

    name: str
    kind: EntryKind
    first: int
    second: int
    first_reason: str
    second_reason: str

    @property
    def tenths(self) -> int:
        """By how much the second ledger has more."""
        return self.second - self.first

    @property
    def reason(self) -> str:
        """The reason in words, those of both ledgers where they differ."""
        reasons = [reason for reason in (self.first_reason, self.second_reason) if reason]
        return " → ".join(dict.fromkeys(reasons))

    def to_dict(self, first: str, second: str) -> dict[str, Any]:
        """Flat JSON, in points; the two ledgers under the given names."""
        return {
            "name": self.name,
            "kind": self.kind,
            first: self.first / 10,
            second: self.second / 10,
            "difference": self.tenths / 10,
            f"{first}_reason": self.first_reason,
            f"{second}_reason": self.second_reason,
        }


def find_differences(first: Sequence[Entry], second: Sequence[Entry]) -> tuple[EntryDifference, ...]:
    """The entries that differ in points, the largest difference first; they add up to that of the totals."""
    before, after = ({(entry.kind, entry.name): entry for entry in ledger} for ledger in (first, second))
    differences = []
    for kind, name in dict.fromkeys([*before, *after]):
        earlier, later = before.get((kind, name)), after.get((kind, name))
        difference = EntryDifference(
            name,
            kind,
            earlier.tenths if earlier else 0,
            later.tenths if later else 0,
            earlier.reason if earlier else "",
            later.reason if later else "",
        )
        if difference.tenths:
            differences.append(difference)
    return tuple(sorted(differences, key=lambda difference: (-abs(difference.tenths), difference.name)))
