"""The dialects that the SQL printer knows, by the names that a user gives."""

from __future__ import annotations

from leadledger.scoring.printers.sql.dialects.bigquery import BIGQUERY
from leadledger.scoring.printers.sql.dialects.dialect import Dialect
from leadledger.scoring.printers.sql.dialects.duckdb import DUCKDB
from leadledger.scoring.printers.sql.dialects.postgres import POSTGRES
from leadledger.scoring.printers.sql.dialects.snowflake import SNOWFLAKE
from leadledger.scoring.printers.sql.dialects.spark import SPARK

DIALECTS: dict[str, Dialect] = {
    "duckdb": DUCKDB,
    "postgres": POSTGRES,
    "spark": SPARK,
    "bigquery": BIGQUERY,
    "snowflake": SNOWFLAKE,
}
