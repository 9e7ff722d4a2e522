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
