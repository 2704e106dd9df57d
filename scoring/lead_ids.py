"""Ids of leads: how long they may be, and which two spellings are one id."""

from __future__ import annotations

import re

LONGEST_ID = 200  # characters; no CRM has longer ones, and an index of PostgreSQL takes some 2,700 bytes
_SALESFORCE_SHORT = re.compile(r"[A-Za-z0-9]{15}")
SALESFORCE_LONG = "[A-Za-z0-9]{15}[A-Z0-5]{3}"  # the pattern of the long spelling
SUFFIX_SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def list_spellings(lead_id: str) -> tuple[str, ...]:
    """An id, and the other spelling that Salesforce has for it: of 15 signs, or of 18, the last three a checksum.

    https://help.salesforce.com/s/articleView?id=000385585
    """
    if re.fullmatch(SALESFORCE_LONG, lead_id) and lead_id[15:] == _checksum(lead_id[:15]):
        return lead_id, lead_id[:15]
    if _SALESFORCE_SHORT.fullmatch(lead_id):
        return lead_id, lead_id + _checksum(lead_id)
    return (lead_id,)


def find_id_key(lead_id: str) -> str:
    """What both spellings of an id have in common; any other id is its own key."""
    return list_spellings(lead_id)[-1] if len(lead_id) == 18 else lead_id


def _checksum(short: str) -> str:
    """The three signs behind the 15 of a Salesforce id: which of each five are capital letters, in binary."""
    return "".join(
        SUFFIX_SIGNS[sum(1 << i for i, sign in enumerate(short[at : at + 5]) if "A" <= sign <= "Z")]
        for at in (0, 5, 10)
    )
