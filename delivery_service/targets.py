"""The targets of a Deliver request, numbered, phones and browsers apart."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, repeat

from smith.delivery.v1.delivery_pb2 import Environment, Push, Target

from service_kit import tracing
from service_kit.tracing import Origin

MAX_TRACED = 20
"""Most targets of one push that a trace shows."""


@dataclass(frozen=True, slots=True)
class Place:
    """A target, its number in the request, and the client's request that it is sent for."""

    index: int
    target: Target
    origin: Origin


def places_of(pushes: Iterable[Push], *, browsers: bool) -> Iterator[tuple[Push, list[Place]]]:
    """Each push with its targets that are browsers, or those that are not. Pushes that have none are left out."""
    index = 0
    for push in pushes:
        origins = _origins_of(push)
        places = []
        for target in push.targets:
            origin = next(origins)
            if (target.environment == Environment.ENVIRONMENT_WEB) is browsers:
                places.append(Place(index, target, origin))
            index += 1
        if places:
            yield push, places


def _origins_of(push: Push) -> Iterator[Origin]:
    """The origin of each target of the push. Only the first targets have the span: a trace need not show all."""
    given = tracing.checked_request_id(push.request_id)
    traced, untraced = Origin(given, push.traceparent), Origin(given)
    return chain(repeat(traced, MAX_TRACED), repeat(untraced))
