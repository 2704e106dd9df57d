"""Data frames of pandas, Polars, Arrow and Spark, scored where they lie in memory."""
