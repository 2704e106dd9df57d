"""The CRMs that we know, by name. A new one is a file, a line here, and its names in `scoring/card/crm_names`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leadledger.api.crm.any_record import AnyRecord
from leadledger.api.crm.base import Crm
from leadledger.api.crm.bottlecrm import BottleCrm
from leadledger.api.crm.dynamics import Dynamics
from leadledger.api.crm.hubspot import HubSpot
from leadledger.api.crm.odoo import Odoo
from leadledger.api.crm.salesforce import Salesforce
from leadledger.api.crm.zoho import Zoho

CRMS: Mapping[str, Crm] = {crm.name: crm for crm in (Salesforce(), HubSpot(), Dynamics(), Odoo(), Zoho(), BottleCrm())}
# Those that `?from=` takes, any record the last: it is never recognised, and nothing is written back to it.
SOURCES: Mapping[str, Crm] = {**CRMS, AnyRecord.name: AnyRecord()}


def recognise(body: Any) -> Crm | None:
    """The CRM that a body surely comes from; None where it has no mark of one."""
    first = body[0] if isinstance(body, list) and body else body
    if not isinstance(first, dict):
        return None
    for crm in CRMS.values():
        if crm.has_marks(first):
            return crm
    if first is body:
        for crm in CRMS.values():
            records = body.get(crm.envelope) if crm.marks_envelope else None
            record = records[0] if isinstance(records, list) and records else None
            if isinstance(record, dict) and crm.has_marks(record):
                return crm
    return None
