"""The printed code of the example card, kept so that a change of a printer is read as a diff.

`make printed` rewrites it.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from leadledger.scoring.bins import FlagBins, NumberBins, TextBins
from leadledger.scoring.card.reader import read_card
from leadledger.scoring.lookup import Branch, Combination, Leaf, Pair, Table
from leadledger.scoring.printers import text
from leadledger.scoring.printers.python.module import print_module
from leadledger.scoring.printers.sql import select as sql
from leadledger.scoring.printers.sql.query import Query
from leadledger.scoring.scorecard import MOST_PERCENT, Learned, Scorecard

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "tests" / "cases" / "printed" / "b2b-software"

LEARNED = Learned(
    base_rate=0.09,
    start=437,
    trust=0.4,
    terms=(
        Table(
            "employees",
            NumberBins((10.0, 50.0, 250.0)),
            (-4, -31, 2, 24, 11),
            (120, 300, 410, 260, 90),
            (9, 6, 4, 7, 15),
        ),
        Table("lead_source", TextBins(("referral", "web")), (0, 38, -6, -12), (12, 130, 800, 238)),
        Table("demo_requested", FlagBins(), (-3, -9, 42), (40, 980, 160)),
        Pair(
            ("budget", "need"),
            (NumberBins((10_000.0,)), TextBins(("clear", "urgent"))),
            ((0, 3, 4, -2), (-5, -1, 0, 1), (2, 5, 18, -7)),
            ((10, 40, 20, 30), (60, 110, 50, 90), (70, 210, 130, 160)),
            ((12, 8, 9, 9), (6, 4, 7, 5), (6, 3, 4, 4)),
        ),
        Combination(
            ("employees", "need", "country", "demo_requested"),
            (NumberBins((50.0, 250.0)), TextBins(("clear", "urgent")), TextBins(("NO", "SE", "DK")), FlagBins()),
            (
                Branch(
                    "need",
                    (1, 2),
                    Branch("employees", (0, 1), Leaf(-6, 210), Branch("country", (1, 3), Leaf(17, 84), Leaf(3, 120))),
                    Leaf(-2, 766),
                ),
                Branch("demo_requested", (2,), Branch("country", (0, 2), Leaf(9, 61), Leaf(-4, 99)), Leaf(0, 1020)),
            ),
            5,
        ),
    ),
    percentiles=tuple(310 + 9 * (place // 3) for place in range(MOST_PERCENT)),
)


def printed() -> dict[str, str]:
    """The files, by name."""
    card = Scorecard(read_card(ROOT / "examples" / "b2b-software" / "card.yaml"), LEARNED, "example")
    query = Query(date(2026, 7, 1), keep=["lead_id"], plus_minus=True)
    return {
        "python.py": print_module(card),
        "duckdb.sql": sql.select(card, query) + ";\n",
        "postgres.sql": sql.select(card, query, "postgres") + ";\n",
        "spark.sql": sql.select(card, query, "spark") + ";\n",
        "bigquery.sql": sql.select(card, query, "bigquery") + ";\n",
        "snowflake.sql": sql.select(card, query, "snowflake") + ";\n",
        "card.txt": text.card_text(card),
    }


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, content in printed().items():
        (FOLDER / name).write_text(content, "utf-8")
