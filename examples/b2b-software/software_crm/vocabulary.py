"""The texts of the simulated CRM, as people type them, each with its log-odds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from software_crm.arrays import Codes, Floats


@dataclass(frozen=True)
class Levels:
    """The levels of a text and their log-odds. Shapes: names and effects (n + 1,), the last element is for missing."""

    names: npt.NDArray[np.object_]
    effects: Floats

    def texts(self, codes: Codes) -> npt.NDArray[np.object_]:
        """The text of each code, None for -1. Shape: as `codes`."""
        return self.names[codes]


def levels(effects: Mapping[str, float], missing: float = 0.0) -> Levels:
    """Levels from a mapping of name to log-odds, and the log-odds of a missing value."""
    return Levels(np.array([*effects, None], dtype=object), np.array([*effects.values(), missing]))


NEED = levels({"none": -1.5, "vague": -0.4, "clear": 0.7, "urgent": 1.4}, missing=-0.6)
ROLE = levels({"decider": 0.6, "influencer": 0.25, "user": -0.4}, missing=-0.1)
SUPPLIER = levels({"has_supplier": -0.5, "reviewing": 0.3, "dismissed": 1.0, "none": 0.3}, missing=-0.1)
SOURCE = levels(
    {
        "web_form": 0.2,
        "content_download": -0.2,
        "webinar": 0.1,
        "trade_fair": 0.0,
        "referral": 0.6,
        "partner": 0.4,
        "outbound": -0.4,
        "bought_list": -0.8,
    }
)
SOURCE_SHARES = (0.24, 0.22, 0.13, 0.10, 0.08, 0.06, 0.10, 0.07)
TRADE_FAIR, BOUGHT_LIST = 3, 7
DISMISSED, REVIEWING = 2, 1
CLEAR = 2  # needs from this code on are clear or urgent

COUNTRY = levels(
    dict.fromkeys(("NO", "SE", "DK", "FI"), 0.15)
    | dict.fromkeys(("DE", "NL", "GB", "FR", "PL", "ES", "IT", "BE", "AT", "CH", "IE", "PT", "EE", "LT", "IS"), -0.1)
)
STAGES = levels(dict.fromkeys(("contact", "lead", "opportunity", "customer"), 0.0))

# Industries as people type them: a few large ones, several spellings of the same, and a long tail.
INDUSTRIES: dict[float, Sequence[str]] = {
    0.40: ("Software", "IT services", "software", "SaaS", "Information Technology", "Telecommunications", "Fintech"),
    0.20: ("Manufacturing", "Machinery", "manufacturing", "Automotive", "Industrie", "Electronics", "Shipbuilding"),
    0.10: ("Logistics", "Wholesale", "Transportation", "Freight & forwarding", "Shipping", "Postal services"),
    0.00: ("Retail", "Construction", "Real estate", "Food & beverage", "E-commerce", "Détaillant", "Fashion"),
    -0.10: ("Business services", "Consulting", "Marketing & advertising", "Legal services", "Staffing", "Accounting"),
    -0.25: ("Health care", "Pharmaceuticals", "Hospitals", "Dental clinics", "Medical devices", "Veterinary services"),
    -0.50: ("Education", "Public sector", "Universities", "Municipality", "Non-profit", "Government administration"),
    -0.30: (
        *("Agriculture", "Fisheries", "Forestry", "Mining", "Oil & gas", "Renewable energy", "Water supply"),
        *("Hotels", "Restaurants", "Travel agencies", "Museums", "Sports clubs", "Music", "Film & TV", "Publishing"),
        *("Textiles", "Ceramics", "Toys", "Jewellery", "Wine & spirits", "Bakeries", "Breweries", "Pet supplies"),
        *("Insurance brokers", "Credit unions", "Security services", "Cleaning services", "Funeral services", "Other"),
    ),
}
NO_ANSWERS = ("n/a", "Select")  # what web forms write for "no answer"; card.yaml declares both as missing
INDUSTRY = levels(
    {name: effect for effect, names in INDUSTRIES.items() for name in names} | dict.fromkeys(NO_ANSWERS, 0.0)
)
INDUSTRY_TAIL = len(INDUSTRIES[-0.30])

# Job titles are free text. Three kinds of them say something: senior, junior and student.
TITLES: dict[tuple[str, float], Sequence[str]] = {
    ("decider", 0.3): (
        *("CEO", "Chief Executive Officer", "CFO", "Chief Operating Officer", "Managing Director", "IT Director"),
        *("VP Operations", "Vice President, Sales", "Head of Operations", "Director of Finance", "CTO & co-founder"),
    ),
    ("decider", 0.0): ("Owner", "Founder", "Geschäftsführer", "Daglig leder", "Gérant", 'Owner ("the boss")'),
    ("influencer", 0.0): (
        *("IT Manager", "Project manager", "Sales Manager", "Operations Manager", "Purchasing manager", "Team lead"),
        *("Controller", "Systems Architect", "Prosjektleder", "Leiter Einkauf", "Responsable achats", "Consultant"),
    ),
    ("user", 0.0): ("Accountant", "Sales rep", "Engineer", "Analyst", "Sachbearbeiterin", "Økonomikonsulent"),
    ("user", -0.5): ("Junior consultant", "Office assistant", "Trainee, marketing", "Assistant to the CEO"),
    ("student", -2.0): ("Student", "PhD student", "Master's student, NTNU"),
}
TITLE = levels({name: effect for (_, effect), names in TITLES.items() for name in names})

# Company names, with all that a CSV writer or a printer of code can stumble over.
COMPANIES = levels(
    {
        f"{name} {form}": 0.0
        for name in (
            *("Nordlys", "Bergström", "Møller, Berg & Co", "O'Brien Freight", "L'Étoile", "Große Wäsche", "Café Zoë"),
            *('"Bright" Analytics', "Smith & Sons", "Łódź Steel", "Håndverk", "D'Angelo Wines", "Ørsund", "Peña Hnos."),
            *("Fjord Seafood", "Blue Kettle", "Kvadrat 9", "Alder & Ash", "Tietoväylä", "Vierwaldstätter", "Copper"),
            *("Ridge\\Vale", "Harbour 100%", "Þórsmörk", "São Bento", "Quay; Dock", "Larch", "Meridian", "Polder"),
        )
        for form in ("AS", "AB", "A/S", "Oy", "GmbH", "Ltd", "SARL", "S.A.", "B.V.", "Group", "Sp. z o.o.", "Holding")
    }
)


def industry_shares() -> Floats:
    """A share for each industry: falling fast within a family, and a thin even tail; none for `n/a` and the like."""
    shares = [2.0**-place for names in INDUSTRIES.values() for place in range(len(names))]
    shares[-INDUSTRY_TAIL:] = [0.03] * INDUSTRY_TAIL
    return np.array([*shares, *(0.0 for _ in NO_ANSWERS)])


def country_shares() -> Floats:
    """A share for each country, the home markets first."""
    return 1 / (1.0 + np.arange(len(COUNTRY.names) - 1))
