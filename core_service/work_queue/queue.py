"""A table of owed work, as claims, backlog and janitor see it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Queue:
    """A table of owed work. All but the times are SQL."""

    name: str
    """For metrics and logs."""
    table: str
    key: str
    """The columns of its primary key."""
    moment: str
    """The column that says when a row is due."""
    is_owed: str
    """The condition of the index on `moment`."""
    longest_wait_seconds: float
    """Longer than any wait that is written into `moment`, including leases."""
    now: str = "now()"
    """The present: the database's clock, or a parameter where tests must be able to change the time."""
    by_account: bool = False
    """Whether the index on `moment` begins with `account_id`."""
