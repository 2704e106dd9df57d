"""`make bench`: the quick benchmarks in turn, or those named, with options for them.

make bench
make bench ARGS=one_lead
python -m benchmarks quality --sets olist
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

# A minute or two; the others take longer and run only when named.
QUICK = ("one_lead", "lead_events", "forecasts", "serve_start")
LONG = (
    "quality",
    "worlds",
    "segments",
    "learning_curve",
    "promise",
    "ages",
    "exploration",
    "fairness",
    "steps",
    "false_alarms",
    "machine_clicks",
    "leadforge_split",
    "landmarks",
    "fit_time",
    "million",
    "lists",
    "hand_written",
    "list_events",
    "spark",
    "postgresql",
    "api",
    "stored_events",
    "rescore",
    "book",
    "desk",
    "previews",
    "busy_desks",
    "shadow",
    "sync",
    "install",
)


def main(words: Sequence[str]) -> None:
    """Run the named benchmarks, or the quick ones. Words from the first option on go to the benchmarks."""
    options = next((place for place, word in enumerate(words) if word.startswith("-")), len(words))
    names = words[:options]
    unknown = [name for name in names if name not in (*QUICK, *LONG)]
    if unknown:
        sys.exit(f"there is no benchmark '{unknown[0]}'; there are: {', '.join((*QUICK, *LONG))}")
    for name in names or QUICK:
        if "--json" not in words:
            print(f"== {name}\n")
        import_module(f"benchmarks.{name}").main(list(words[options:]))
        print()


if __name__ == "__main__":
    main(sys.argv[1:])
