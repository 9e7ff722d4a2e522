"""The priority of a push, within what iOS grants a phone.

Apple: priority 10 is delivered at once and counts against an hourly budget of the phone, beyond which iOS throttles
without telling anybody; priority 5 does not count and is delivered as the battery allows. Apple publishes no number;
developers have measured about 15 an hour. So each device gets at most 12 pushes of priority 10 in any 60 minutes, or 48
if the person allows frequent updates. The last 2 are kept for alerts and ends. Starts have a budget of their own.
"""

from collections.abc import Sequence

HIGH, LOW = 10, 5
WINDOW_SECONDS = 3600
BUDGET = 12
FREQUENT_BUDGET = 48
RESERVE = 2


def within_window(sent_at: Sequence[int], now: int) -> list[int]:
    """Those of the UNIX seconds, oldest first, that still count."""
    return [moment for moment in sent_at if moment > now - WINDOW_SECONDS]


def has_room(sent_in_window: int, *, frequent: bool, vital: bool) -> bool:
    """Whether one more push may have high priority. `vital`: it is an alert or an end, and may use the reserve."""
    budget = FREQUENT_BUDGET if frequent else BUDGET
    return sent_in_window < (budget if vital else budget - RESERVE)
