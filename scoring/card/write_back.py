"""What goes back into a CRM: the property that each output of a result is written to.

A card may name them under `write_back:`, for each system; without it, the names below count. Nothing is sent from here:
the service answers in the shape of the CRM's own update call (`api/crm`).
"""

from __future__ import annotations

from collections.abc import Mapping

RECORD_ID_NAMES = ("id", "attributes", "leadid", "hs_object_id")  # says which record it is, in one of the systems

# In HubSpot and Salesforce, the names that a custom property gets from its label. In Dynamics, a custom column starts
# with the prefix of its publisher, which is `new_` where nobody chose another.
# https://learn.microsoft.com/en-us/power-apps/maker/data-platform/create-solution#solution-publisher
_DEFAULT_OUTPUTS = ("score", "points", "probability", "grade", "recommendation", "reasons", "as_of", "release")
DEFAULT_PROPERTIES: Mapping[str, Mapping[str, str]] = {
    "hubspot": {output: f"leadledger_{output}" for output in _DEFAULT_OUTPUTS},
    "salesforce": {output: f"Leadledger_{output.title()}__c" for output in _DEFAULT_OUTPUTS},
    "dynamics": {output: f"new_leadledger_{output}" for output in _DEFAULT_OUTPUTS},
}
