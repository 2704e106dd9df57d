"""The tables of the decision log. A change here needs a migration in `migrations/versions`.

Times are texts like `2026-03-03T10:20:30.123456Z`, in UTC, and days texts like `2026-03-03`: both sort as text and read
the same in every database. NULL in `scores` means forgotten; the statistics stay.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, MetaData, String, Table, Text, UniqueConstraint

HEAD = "0002"  # the newest migration

metadata = MetaData()

scores = Table(
    "scores",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("at", String(27), nullable=False, index=True),
    Column("lead", Text, nullable=True),
    Column("card", Text, nullable=False),
    Column("card_digest", String(64), nullable=False),
    Column("release", Text, nullable=False),
    Column("as_of", String(10), nullable=False),
    Column("tenths", Integer, nullable=False),
    Column("score", Integer, nullable=False),
    Column("probability", Float, nullable=True),
    Column("grade", Text, nullable=False),
    Column("recommendation", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("input", Text, nullable=True),
    Column("result", Text, nullable=True),
    Index("scores_by_lead", "lead", "at"),
)

# Cards that were served without a release, so that their scores can be replayed after the file has changed.
cards = Table(
    "cards",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("text", Text, nullable=False),
)

# Answers to requests with an Idempotency-Key; `scores` holds the ids of their scores, separated by spaces.
answers = Table(
    "answers",
    metadata,
    Column("key", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("at", String(27), nullable=False, index=True),
    Column("body", Text, nullable=False),
    Column("scores", Text, nullable=False),
)

outcomes = Table(
    "outcomes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("lead", Text, nullable=True),
    Column("became", Text, nullable=False),
    Column("on", String(10), nullable=False),
    Column("at", String(27), nullable=False),
    Column("key", Text, nullable=False),
    UniqueConstraint("lead", "became", "on", name="outcomes_once"),
)

# What leads did, as it came: of a kind that the card knows or not, of a lead that was scored or not. `lead` is the id
# under which an event came, an anonymous one too. Of events with one source and id that differ, all are kept, so that
# what counts doesn't depend on the order in which they arrive; an event without an id has an empty one.
events = Table(
    "events",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("lead", Text, nullable=False, index=True),
    Column("kind", Text, nullable=False),  # as its system calls it
    Column("time", String(27), nullable=False),  # when it happened: a time, or a day alone
    Column("received", String(27), nullable=False, index=True),
    Column("id", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("system", Text, nullable=False),
    Column("properties", Text, nullable=False),  # as JSON
    Column("digest", String(32), nullable=False),  # of all that was sent
    Column("at", String(27), nullable=False),
    Column("key", Text, nullable=False),
    UniqueConstraint("source", "id", "digest", name="events_once"),
)

# Which ids are those of one lead: `identify` says that an id was that of the lead while it was not known, `alias` that
# two ids are one.
joins = Table(
    "joins",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("verb", Text, nullable=False),
    Column("lead", Text, nullable=False),
    Column("other", Text, nullable=False, index=True),
    Column("received", String(27), nullable=False),
    Column("at", String(27), nullable=False),
    Column("key", Text, nullable=False),
    UniqueConstraint("lead", "other", "verb", name="joins_once"),
)
