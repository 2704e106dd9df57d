"""A card with fields of all kinds, and leads with awkward values and names: what programs, sheets and people write."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import date

from hypothesis import strategies as st

AS_OF = date(2026, 7, 1)
CARD = """
name: ways
time_zone: Europe/Oslo
missing: ["", Select]
base_rate: 0.1
fields:
  lead_id: {kind: id}
  need: {kind: text, values: [none, vague, "it's", Größe], ask: "Which problem?"}
  country: {kind: text}
  job_title: {kind: text}
  part_code: {kind: text, exact: yes}
  segment: {kind: text, values: [Small, Large], other: yes}
  tier: {kind: text, values: [gold, silver], other: missing}
  budget: {kind: number, missing: [999], ask: "Which budget?"}
  worth: {kind: number, format: "€1.234,56"}
  share: {kind: number, format: "25%"}
  created: {kind: date}
  seen_on: {kind: date, format: "31.12.2026", missing: [1900-01-01]}
  demo: {kind: flag}
  interests: {kind: choices, values: [crm, erp, "a b"]}
  tags: {kind: choices, separator: ",", other: missing, values: [x, y]}
criteria:
  need: {met: "need in ('vague', 'Größe')"}
  budget: {met: budget >= 1000}
rules:
  - {name: none, when: need = 'none', points: 0.1, reason: None}
  - {name: quote, when: "need = 'it''s'", points: 0.2, reason: Quote}
  - {name: norway, when: "country in ('Norway', 'Österreich')", points: 0.4, reason: Country}
  - {name: country, when: country is not null, points: 0.8, reason: Any country}
  - {name: cto, when: "contains_word(job_title, 'cto')", points: 1.6, reason: CTO}
  - {name: code, when: part_code = 'aB', points: 3.2, reason: Code}
  - {name: small, when: segment = 'small', points: 6.4, reason: Small}
  - {name: other, when: segment is not null, points: -0.1, reason: Any segment}
  - {name: tier, when: tier is not null, points: -0.2, reason: Any tier}
  - {name: budget, when: budget is not null, points: -0.4, reason: Any budget}
  - {name: rich, when: budget >= 1000, points: -0.8, reason: Rich}
  - {name: worth, when: worth >= 1000, points: -1.6, reason: Worth}
  - {name: share, when: share > 12, points: -3.2, reason: Share}
  - {name: new, when: days_since(created) <= 1, points: -6.4, reason: New}
  - {name: created, when: created is not null, points: 12.8, reason: Any day}
  - {name: seen, when: days_since(seen_on) <= 1, points: 25.6, reason: Seen}
  - {name: seen_ever, when: seen_on is not null, points: -12.8, reason: Any day of seeing}
  - {name: demo, when: demo, points: 51.2, reason: Demo}
  - {name: no_demo, when: not demo, points: -25.6, reason: No demo}
  - {name: crm, when: "has(interests, 'crm')", points: -51.2, reason: CRM}
  - {name: spaced, when: "has(interests, 'a b')", points: 90.1, reason: Spaced}
  - {name: tags, when: "has(tags, 'x')", points: -77.7, reason: Tag}
stages: [{name: lead}, {name: opportunity, requires: [need, budget], points: 50}]
"""
WORDS = ["", " ", "NULL", "n/a", "-", "(not set)", "unknown", "Select", "\u00a0", "\u200b", "NaN", "#N/A", "None"]
SIGNS = [
    '"',
    '""',
    "'",
    "'a",
    "a'",
    '"a"',
    'a"b',
    "a,b",
    "a;b",
    "a\tb",
    "a\nb",
    "a\\",
    "\\",
    "sep=;",
    "=1+1",
    "%s",
    "{x}",
]
NUMBERS = ["1000", " 1000 ", "1e3", "-5", "+5", ".5", "5.", "999", "999.0", "0", "1E+3", "007", "1_000", "inf", "1e999"]
NUMBERS += ["25.000,00", "1.234.567", "1,234,567", "1 234", "1 234,5", "1'234.50", "12,5", "12.5", "1\u00a0234", "−5"]
NUMBERS += [
    "25%",
    "12,5 %",
    "€5",
    "€ 1.000,50",
    "5 EUR",
    "25k",
    "(5000)",
    "10-50",
    "1\u202f234,5",
    "\u200b1000",
    "\uff11\uff12",  # digits of full width
]
AMBIGUOUS = ["25.000", "1,234", "-1.000", "7", "900", "1000", "€25.000", "25.000%", "1,000"]
DAYS = ["2026-06-30", "2026/06/30", "30 Jun 2026", "June 30, 2026", "Tue, 30 Jun 2026", "2026-06-30T22:30:00Z"]
DAYS += ["2026-06-30 22:30", "2026-06-30T23:30:00+02:00", "2026-06-30 22:30:00 UTC", "30 JUN 2026 10:15 PM"]
DAYS += ["2026-06-30 24:00", "20260630", "46203", "1782777600", "30.06.2026", "30/06/2026", "06/30/2026", "2026-6-30"]
DAYS += ["2026-02-30", "1900-01-01", "01.01.1900", "9999-12-31", "0001-01-01", "2062-03-14", "0000-00-00", "30.6.2026"]
DAYS += ["2026-06-30T22:30:00.123456+00:00[Europe/Oslo]", "2026-06-30\u00a022:30", "\u200b2026-06-30", "26-06-30"]
VALUES = {
    "need": [
        "none",
        "NONE",
        "vague",
        " Vague\u00a0",
        "\u200bvague",
        "it's",
        "IT'S",
        "it’s",
        "Größe",
        "GRÖSSE",
        "GRÖßE",
    ],
    "country": ["Norway", "NORWAY", "norway\u00a0", "No\u00adrway", "Österreich", "ÖSTERREICH", "Norwa\u200by", "Oslo"],
    "job_title": ["CTO", "the cto, really", "Director", "c-t-o", "CTO\u00a0(acting)", "CTO/COO", "cto\u200b", "ÇTO"],
    "part_code": ["aB", "ab", " aB ", "aB\u00a0", "a\u200bB", "null", "Null"],
    "segment": ["Small", "SMALL", " small", "Large", "medium", "(other)", "large\u200b"],
    "tier": ["gold", "GOLD", "bronze", "silver\u00a0", "(other)"],
    "budget": NUMBERS,
    "worth": [*NUMBERS, *AMBIGUOUS],
    "share": [*NUMBERS, "25 %", "%25", "25,5%", "1.234,5%"],
    "created": DAYS,
    "seen_on": DAYS,
    "demo": [
        "true",
        "TRUE",
        " yes ",
        "No",
        "1",
        "0",
        "1.0",
        "0.0",
        "on",
        "Y",
        "maybe",
        "2",
        "ja",
        "x",
        "yes\u00a0",
        "\u200bno",
    ],
    "interests": [
        "crm",
        "CRM;erp",
        "erp; crm",
        '["crm"]',
        '["CRM", "a b"]',
        "['crm']",
        "hr",
        ";",
        "a\u00a0b",
        "crm;crm;",
        "[]",
    ],
    "tags": ["x", "X,y", "x;y", "z", "x,z", '["x"]', "y\u00a0, x"],
}
VALUES = {
    field: list(dict.fromkeys([*values, *(unicodedata.normalize("NFD", value) for value in values), *WORDS, *SIGNS]))
    for field, values in VALUES.items()
}
# Other spellings of the names of columns.
SPELLINGS: list[Callable[[str], str]] = [
    str,
    str.upper,
    str.title,
    lambda name: name.replace("_", " "),
    lambda name: name.replace("_", "-"),
    lambda name: f"{name}\u00a0",
    lambda name: f"\u200b{name}",
]
Lead = dict[str, str]


@st.composite
def lists_of_leads(draw: st.DrawFn) -> list[Lead]:
    """Rows of one list, under names as a program may spell them.

    Either none of its numbers can be two, or nothing in it proves which they are: what a list proves is no single
    lead's (tests/api/lists/test_number_evidence.py).
    """
    columns = draw(st.lists(st.sampled_from(list(VALUES)), min_size=3, max_size=7, unique=True))
    values = dict(VALUES)
    if draw(st.integers(0, 3)) == 0:
        values |= dict.fromkeys(("budget", "worth", "share"), AMBIGUOUS)
    names = {column: draw(st.sampled_from(SPELLINGS))(column) for column in columns}
    awkward = draw(st.sampled_from(["", " x", "'", '"', ",;", "/", "\u00a0", "é"]))
    rows = draw(st.integers(1, 6))
    return [
        {"lead_id": f"L{i}{awkward}"} | {names[column]: draw(st.sampled_from(values[column])) for column in columns}
        for i in range(rows)
    ]


def list_every_value() -> list[Lead]:
    """A list in which each value of each field stands once, in a row of its own."""
    values = [
        (field, value) for field in VALUES for value in VALUES[field] if value in NUMBERS or value not in AMBIGUOUS
    ]
    return [{"lead_id": f"L{i}"} | dict.fromkeys(VALUES, "") | dict([pair]) for i, pair in enumerate(values)]
