"""The tables of the decision log. A change here needs a migration in `migrations/versions`.

Times are texts like `2026-03-03T10:20:30.123456Z`, in UTC, and days texts like `2026-03-03`: both sort as text and read
the same in every database. NULL in `scores` means forgotten; the statistics stay.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, MetaData, String, Table, Text, UniqueConstraint

HEAD = "0008"  # the newest migration

metadata = MetaData()
# In the order of its characters, whatever the language of the database is, so that a range of it is a start of texts.
_ORDERED_TEXT = Text().with_variant(Text(collation="C"), "postgresql")

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

# The book: of each known lead the last score by the newest day, and since when its recommendation has stood. No ledger
# is kept: it is worked out of `input` by the release. `key` is that of the id (`find_id_key`).
book = Table(
    "book",
    metadata,
    Column("key", _ORDERED_TEXT, primary_key=True),
    Column("lead", Text, nullable=False),  # the id as it came last
    Column("score_id", String(26), nullable=False),  # of the last score; `log prune` may have deleted it
    Column("at", String(27), nullable=False),
    Column("as_of", String(10), nullable=False),
    Column("card", Text, nullable=False),
    Column("card_digest", String(64), nullable=False),
    Column("release", Text, nullable=False),
    Column("tenths", Integer, nullable=False),
    Column("score", Integer, nullable=False),
    Column("probability", Float, nullable=True),  # six digits, as in answers
    Column("percentile", Integer, nullable=True),
    Column("grade", Text, nullable=False),
    Column("axis_grades", Text, nullable=False),  # empty: the card has no axes
    Column("recommendation", Text, nullable=False),
    Column("stage", Text, nullable=False),  # where the lead stands
    Column("to_stage", Text, nullable=False),
    Column("since", String(10), nullable=False),  # the day from which the recommendation has stood
    Column("below_since", String(10), nullable=True),  # as in `Result`
    Column("distance", Integer, nullable=True),  # tenths above the threshold, negative below; NULL: points don't decide
    Column("change", Integer, nullable=False),  # tenths since `earlier_on`; 0 for a lead that is new
    Column("earlier_tenths", Integer, nullable=True),  # the total of a week ago or more, see `book_rows`
    Column("earlier_on", String(10), nullable=True),
    Column("recent_tenths", Integer, nullable=True),  # what becomes the earlier total once it is a week old
    Column("recent_on", String(10), nullable=True),
    Column("owner", Text, nullable=False),  # the field `owner` of the card; empty: unknown
    Column("title", Text, nullable=False, server_default=""),  # folded for a search (`lead_titles`)
    Column("rejected_on", String(10), nullable=True),  # the last rejection by sales
    Column("snoozed_until", String(10), nullable=True),
    Column("answered_on", String(10), nullable=True),  # the last day on which sales said anything of it
    Column("input", Text, nullable=False),
    # A list of leads reads each of these once for each recommendation that it wants, as `book_store` says.
    # Those by points and by day also say what the recommendation is about, so that leads to call are counted in them.
    Index("book_by_points", "recommendation", "tenths", "key", "to_stage"),
    Index("book_by_probability", "recommendation", "probability", "key"),
    Index("book_by_change", "recommendation", "change", "key"),
    Index("book_by_since", "recommendation", "since", "key", "to_stage"),
    Index("book_by_owner", "owner", "recommendation", "tenths", "key"),
    Index("book_by_grade", "grade", "recommendation", "tenths", "key"),
    Index("book_by_title", "title", "key"),
    # These two hold only rows with a day. The migration says so; here it would load both dialects, 40 ms of each start.
    Index("book_by_rejection", "rejected_on"),
    Index("book_by_snooze", "snoozed_until"),
)

# What sales said of a lead and of its score. `entry` is the ledger entry that is wrong, as `kind:name`, or empty.
feedback = Table(
    "feedback",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("lead_key", Text, nullable=False, index=True),
    Column("lead", Text, nullable=False),
    Column("verb", Text, nullable=False),  # accept, reject or snooze
    Column("reason", Text, nullable=False),
    Column("entry", Text, nullable=False),
    Column("until", String(10), nullable=True),
    Column("on", String(10), nullable=False),
    Column("score_id", String(26), nullable=False),
    Column("at", String(27), nullable=False),
    Column("key", Text, nullable=False),
)

# Who gets which messages. `secrets` holds those that sign, the newest first, as JSON: [secret, until when or null].
subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", String(30), primary_key=True),
    Column("url", Text, nullable=False),
    Column("kinds", Text, nullable=False),  # separated by spaces
    Column("secrets", Text, nullable=False),
    Column("state", Text, nullable=False),  # active or disabled
    Column("problem", Text, nullable=False),  # why it was disabled; empty
    Column("held_until", String(27), nullable=False),  # by an answer with Retry-After; empty
    Column("at", String(27), nullable=False),
    Column("key", Text, nullable=False),
)

# The outbox: messages are written in the transaction of the decision that they tell of.
messages = Table(
    "messages",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("id", String(30), nullable=False, unique=True),
    Column("lead_key", Text, nullable=False, index=True),  # empty: of no lead
    Column("kind", Text, nullable=False),
    Column("at", String(27), nullable=False, index=True),
    Column("body", Text, nullable=False),
)

# What is still to be delivered, what was, and what could not be: one row for each message and subscription.
deliveries = Table(
    "deliveries",
    metadata,
    Column("message", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),  # its number
    Column("subscription", String(30), primary_key=True),
    Column("lead_key", Text, nullable=False),
    Column("state", Text, nullable=False),  # waiting, delivered or dead
    Column("attempts", Integer, nullable=False),
    # When it is tried next, or, while it is being tried, may be again; once it is settled, when that was.
    Column("due", String(27), nullable=False),
    Column("status", Integer, nullable=True),  # of the last answer; NULL: there was none
    Column("problem", Text, nullable=False),  # of the last attempt; empty: none
    Index("deliveries_due", "subscription", "state", "due", "message"),
    Index("deliveries_by_lead", "subscription", "lead_key", "state", "message"),
)

# Views of the list that people have named, by the key with which they sign in (empty: the service needs none).
saved_views = Table(
    "saved_views",
    metadata,
    Column("key", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("query", Text, nullable=False),  # as in the address of the desk
    Column("at", String(27), nullable=False),
)

# Syncs with CRMs, one row for each account and kind of record, like `hubspot/contacts`. Times that a CRM gives are of
# its own clock.
sync_states = Table(
    "sync_states",
    metadata,
    Column("system", Text, primary_key=True),
    Column("account", Text, nullable=False),  # what the secrets opened first: those of another account are refused
    Column("watermark", String(27), nullable=False),  # up to which changes were read; empty: none were
    Column("asked", Text, nullable=False),  # digest of the properties that the watermark counts for
    Column("given", Text, nullable=False),  # the properties that records had, as JSON
    Column("owned", Text, nullable=False),  # the properties that are ours to write, as JSON
    Column("whole_at", String(27), nullable=False),  # when all records were read, by our clock; empty: never
    Column("at", String(27), nullable=False),  # the end of the last run, by our clock
    Column("problem", Text, nullable=False),  # what ended the last run; empty: nothing
)

# Records of CRMs that were read, and what was written to them last.
synced_records = Table(
    "synced_records",
    metadata,
    Column("system", _ORDERED_TEXT, primary_key=True),
    Column("id", _ORDERED_TEXT, primary_key=True),  # as the CRM has it
    Column("lead", Text, nullable=False),  # the id of the lead; empty: none could be read
    Column("lead_key", Text, nullable=False),
    Column("changed", String(27), nullable=False),  # its stamp
    Column("digest", String(32), nullable=False),  # of the values that were scored; empty: it is to be scored
    Column("state", Text, nullable=False),  # live, gone, merged, or left: why, says the problem
    Column("problem", Text, nullable=False),
    Column("written", Text, nullable=False),  # digests of the properties that were written, as JSON
    Column("mark", String(54), nullable=False),  # the score that they come from (`make_mark`); empty: none
    Index("synced_records_by_lead", "lead_key"),
)

# Signatures of CRMs' calls, while they would still count: none is taken twice.
used_signatures = Table(
    "used_signatures",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("at", String(27), nullable=False, index=True),
)

# Records that calls told of and that are still to be read, by the account of their sync.
called_records = Table(
    "called_records",
    metadata,
    Column("account", _ORDERED_TEXT, primary_key=True),
    Column("id", _ORDERED_TEXT, primary_key=True),
    Column("at", String(27), nullable=False),  # of the newest call
)
