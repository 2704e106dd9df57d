"""Leads of leadforge, with what they did: leads.csv, events.csv and snapshots.csv.

    pip install leadforge
    python examples/leadforge/load.py --leads 5000 -o made

leadforge simulates a firm's CRM and keeps what became of each lead. This writes it as one row a lead and one row an
event; snapshots.csv is its own table for training, each lead as of day 30, with its split into train, valid and test.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

RECIPE = "b2b_saas_procurement_v1"
TASK = "converted_within_90_days"
LEADS = """
    SELECT lead_id, lead_created_at, industry, region, employee_band, estimated_revenue_band, process_maturity_band,
        seniority, buyer_role, lead_source, conversion_timestamp AS won_on, total_touches_all
    FROM leads JOIN accounts USING (account_id) JOIN contacts USING (contact_id)
        JOIN (SELECT lead_id, total_touches_all FROM snapshots) USING (lead_id)
    ORDER BY lead_created_at, lead_id
"""
# Times are days here: leadforge simulates a day at a time.
EVENTS = """
    SELECT lead_id AS lead, 'touch' AS kind, touch_timestamp AS time, touch_id AS id,
        touch_channel AS channel, touch_direction AS direction, touch_type AS type
    FROM touches
    UNION ALL BY NAME
    SELECT lead_id AS lead, 'session' AS kind, session_timestamp AS time, session_id AS id,
        session_type AS type, page_views, pricing_page_views, demo_page_views, session_duration_seconds AS seconds
    FROM sessions
    UNION ALL BY NAME
    SELECT lead_id AS lead, 'activity' AS kind, activity_timestamp AS time, activity_id AS id,
        activity_type AS type, activity_outcome AS outcome
    FROM sales_activities
    UNION ALL BY NAME
    SELECT lead_id AS lead, 'offer' AS kind, created_at AS time, opportunity_id AS id, estimated_acv AS amount
    FROM opportunities
    UNION ALL BY NAME
    SELECT lead_id AS lead, 'offer_lost' AS kind, closed_at AS time, opportunity_id || '-lost' AS id
    FROM opportunities
    WHERE close_outcome = 'closed_lost'
    ORDER BY lead, time, id
"""


def load(folder: Path, leads: int, seed: int, difficulty: str = "intermediate") -> None:
    """Simulate, and write the three files into a folder. Raises ImportError where leadforge isn't installed."""
    from leadforge.api import Generator  # the package is heavy, and needed by nothing else

    # What became of leads, and events after day 30, are in the instructor's edition only.
    generator = Generator.from_recipe(RECIPE, seed=seed, exposure_mode="research_instructor")
    with TemporaryDirectory() as bundle:
        generator.generate(n_leads=leads, difficulty=difficulty).save(bundle)
        convert(Path(bundle), folder)


def convert(bundle: Path, folder: Path) -> None:
    """Write the three files from a bundle that leadforge has saved."""
    folder.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect()
    for table in sorted((bundle / "tables").glob("*.parquet")):
        connection.read_parquet(str(table)).create_view(table.stem)
    connection.read_parquet(str(bundle / "tasks" / TASK / "*.parquet"), filename=True).create_view("splits")
    connection.execute(
        "CREATE VIEW snapshots AS"
        " SELECT * EXCLUDE (filename), regexp_extract(filename, '([a-z]+)[.]parquet$', 1) AS split FROM splits"
    )
    connection.sql(LEADS).write_csv(str(folder / "leads.csv"))
    connection.sql(EVENTS).write_csv(str(folder / "events.csv"))
    connection.sql("FROM snapshots ORDER BY lead_created_at, lead_id").write_csv(str(folder / "snapshots.csv"))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--leads", type=int, default=5000, help="how many leads")
    parser.add_argument("--seed", type=int, default=42, help="the same seed gives the same leads")
    parser.add_argument("--difficulty", choices=["intro", "intermediate", "advanced"], default="intermediate")
    parser.add_argument("-o", "--output", type=Path, default=Path("leadforge-leads"), help="the folder to write to")
    options = parser.parse_args()
    try:
        load(options.output, options.leads, options.seed, options.difficulty)
    except ImportError:
        parser.error("leadforge is not installed; install it by `pip install leadforge`")
    print(f"{options.output}: leads.csv, events.csv and snapshots.csv of {options.leads:,} leads")


if __name__ == "__main__":
    main()
