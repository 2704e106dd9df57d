"""The systems that can be synced, by name. A new one is a file beside this one, and a line here."""

from __future__ import annotations

from collections.abc import Mapping

from leadledger.api.sync.bottlecrm import BOTTLECRM
from leadledger.api.sync.dynamics import DYNAMICS
from leadledger.api.sync.hubspot import HUBSPOT
from leadledger.api.sync.odoo import ODOO
from leadledger.api.sync.salesforce import SALESFORCE
from leadledger.api.sync.settings import ConnectorKind

CONNECTORS: Mapping[str, ConnectorKind] = {
    kind.system: kind for kind in (HUBSPOT, SALESFORCE, DYNAMICS, ODOO, BOTTLECRM)
}
