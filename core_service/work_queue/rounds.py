"""Accounts take turns at due work: a claim takes some of each, so that nobody waits behind another's backlog."""

import uuid
from collections import Counter
from collections.abc import Sequence
from typing import Any

MAX_ACCOUNTS = 250
"""Accounts that one claim visits. The next goes on behind the last of them."""

START = uuid.UUID(int=0)
"""Before every account."""


class Round:
    """Where the claims of this process have got to among the accounts."""

    def __init__(self) -> None:
        self._after = START
        self._left_some = False
        """Of this round, an account had its full share, so it may have more."""

    def parameters(self, limit: int) -> dict[str, Any]:
        """What the CTEs need to claim up to about `limit` rows."""
        return {"after": self._after, "accounts": MAX_ACCOUNTS, "limit": limit}

    def read(self, found: Sequence[tuple[Any, ...]]) -> tuple[list[tuple[Any, ...]], bool]:
        """What a claim has found, and whether there may be more to claim at once: of an account that had its full
        share, or of those that come after.

        Each row must begin with `visited`, `last`, `share` and the account whose it is, null if nothing was claimed;
        these are taken off.
        """
        visited, last, share, *_ = found[0]
        claimed = [row for row in found if row[3] is not None]
        most = max(Counter(row[3] for row in claimed).values(), default=0)
        more = self._left_some or most >= share
        self._after = last if visited >= MAX_ACCOUNTS else START
        is_complete = self._after == START
        self._left_some = more and not is_complete
        return [row[4:] for row in claimed], more or not is_complete
