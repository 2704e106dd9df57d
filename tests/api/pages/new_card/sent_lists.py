"""Lists for tests of the page that makes a card from one."""

from __future__ import annotations

NEEDS, ROLES = ("clear", "none", "urgent"), ("decider", "user")


def make_list(rows: int = 300, columns: int = 40) -> bytes:
    """Leads with an outcome, an amount that can be read in two ways, and answers in many further columns."""
    head = ["Lead No", "Created", "Need", "Decision role", "Budget", "Won on"]
    head += [f"Answer {number}" for number in range(len(head) + 1, columns + 1)]
    lines = [
        [
            f"L{row:05}",
            f"2025-{row % 9 + 1:02}-{row % 28 + 1:02}",
            NEEDS[row % 3],
            ROLES[row // 3 % 2],
            f"{row % 80 + 10}.000",
            f"2025-{row % 9 + 2:02}-{row % 28 + 1:02}" if row % 5 == 0 else "",
            *(f"{(row * number) % 7}" for number in range(7, columns + 1)),
        ]
        for row in range(rows)
    ]
    return "\n".join(map(",".join, [head, *lines])).encode()
