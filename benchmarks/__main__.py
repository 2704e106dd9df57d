"""`make bench`: every benchmark in turn, or those named (`make bench ARGS=one_lead`)."""

from __future__ import annotations

import sys

from benchmarks import one_lead, serve_start

BENCHMARKS = {"one_lead": one_lead.main, "serve_start": serve_start.main}


def main(names: list[str]) -> None:
    """Run the named benchmarks, or all."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        sys.exit(f"there is no benchmark '{unknown[0]}'; there are: {', '.join(BENCHMARKS)}")
    for name in names or BENCHMARKS:
        print(f"== {name}\n")
        BENCHMARKS[name]([])
        print()


if __name__ == "__main__":
    main(sys.argv[1:])
