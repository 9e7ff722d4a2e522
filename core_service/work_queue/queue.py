"""A table of owed work, as the statements see it that every such table needs: claims, backlog, janitor."""

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
    """Above every wait that is ever written into `moment`, leases included."""
    now: str = "now()"
    """The present: the database's clock, or a parameter where time must be able to travel in tests."""
    by_account: bool = False
    """Whether the index on `moment` begins with `account_id`."""
