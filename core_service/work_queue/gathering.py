"""How long work waits for company under load. What waits together shares a statement, or a call of delivery."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gathering:
    """Seconds. Nothing waits while there is little to do."""

    requests: float
    """In a large crowd, before the next statement for several of them."""
    outcomes: float
    """After a batch of several, before the next one: a transaction costs much more than an outcome in it."""
    pushes: float
    """For the first outcome of the call that is under way, before a call of their own. A call costs both sides as much
    as several pushes."""
    updates: float
    """Of Live Activities, before they are claimed or sent: a claim costs much more than a device in it."""


APART = Gathering(requests=0.003, outcomes=0.003, pushes=0.01, updates=0.005)
"""Core is a process of its own."""
IN_ONE_PROCESS = Gathering(requests=0.0005, outcomes=0.0005, pushes=0.0005, updates=0.0005)
"""Gateway, core and delivery are one process: what has come meanwhile is there after a round of the event loop, and a
call of the delivery service costs a tenth of a push. A longer wait makes requests go in step: all of them want the
processor at once, and it rests while all of them wait for APNs."""
