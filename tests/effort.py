"""How many examples a property test tries: all of them in `make test` and in CI, a tenth in `make test-fast`."""

from __future__ import annotations

import os

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "repeat")
QUICK_SHARE = 10
FEWEST = 3


def examples(count: int) -> int:
    """The number of examples to try, where a whole run tries `count`."""
    return max(FEWEST, count // QUICK_SHARE) if PROFILE == "quick" else count
