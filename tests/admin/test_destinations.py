"""What the server tells of APNs, in the words of pages."""

import pytest
from smith.core.v1.status_service_pb2 import DESTINATION_REAL, DESTINATION_SIMULATOR

from admin_ui.destinations import UNKNOWN, Destinations

REAL, SIMULATED = Destinations(pushes=DESTINATION_REAL), Destinations(pushes=DESTINATION_SIMULATOR)


@pytest.mark.parametrize(
    ("where", "told", "words"),
    [
        (REAL, "APNs accepted it. APNs did.", "Apple accepted it. Apple did."),
        (SIMULATED, "APNs accepted it. APNs did.", "The simulator accepted it. The simulator did."),
        (SIMULATED, "Between APNs and the phone.", "Between the simulator and the phone."),
        (SIMULATED, "It stays queued: The APNs key is wrong.", "It stays queued: The APNs key is wrong."),
        (UNKNOWN, "APNs accepted it.", "APNs accepted it."),
        (REAL, "It is being sent.", "It is being sent."),
    ],
)
def test_the_push_service_is_called_by_the_name_that_people_know(where: Destinations, told: str, words: str) -> None:
    assert where.in_words(told) == words


@pytest.mark.parametrize(
    ("where", "takers"),
    [
        (REAL, "Apple or a browser's push service"),
        (SIMULATED, "the simulator or a browser's push service"),
        (UNKNOWN, "the push service"),
    ],
)
def test_what_was_accepted_was_by_apple_or_by_a_browsers_push_service(where: Destinations, takers: str) -> None:
    assert where.takers == takers


def test_only_pushes_to_iphones_are_said_to_stay_here() -> None:
    """Those to real browsers go to their push services, simulator or not."""
    assert SIMULATED.kept == "Pushes to iPhones stay in this installation."
