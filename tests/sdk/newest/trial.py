"""The newest SDKs' examples, and what official clients have been seen to send, against a server."""

from collections.abc import Iterator

from tests.e2e.conftest import second_account
from tests.sdk import wire_bodies
from tests.sdk.drivers import Sdk
from tests.sdk.newest.surface import differences, surface
from tests.sdk.packages import LANGUAGES, Packages
from tests.sdk.readme import Example, examples
from tests.sdk.screens import Reader, expected
from tests.stack import Stack


def news(pinned: Packages, newest: Packages) -> Iterator[str]:
    """One line for each thing that the newest releases have and the pinned ones have not, or the other way round."""
    for language in LANGUAGES:
        old, new = pinned.version(language), newest.version(language)
        if old != new:
            yield f"{language}: version {new}; the tests run {old}"
        for line in differences(surface(language, pinned.code(language)), surface(language, newest.code(language))):
            yield f"{language}: {line}"
        yield from new_examples(examples(pinned, language), examples(newest, language))


def new_examples(old: list[Example], new: list[Example]) -> Iterator[str]:
    """One line for each example of a README that the other does not have."""
    for what, ones, others in (("new", new, old), ("gone", old, new)):
        codes = {other.code for other in others}
        yield from (f"{one.name}: {what} example in the README" for one in ones if one.code not in codes)


def failures(stack: Stack, pinned: Packages, newest: Packages) -> Iterator[str]:
    """One line for each example that does not do what it says, and for each recorded body that is not taken.

    The screen is compared where the example is one of the pinned release. Of another only its success is known.
    """
    for language in LANGUAGES:
        known = {one.code: expected(one) for one in examples(pinned, language)}
        ones = examples(newest, language)
        if not ones:
            yield f"{language}: no example was found in the README"
        with Sdk(language, stack.base_url, newest) as sdk:
            reader = Reader(second_account(stack), sdk, ones)
            for one in ones:
                outcome = reader.run(one)
                if outcome.error:
                    yield f"{one.name}: {outcome.error} {outcome.status or ''} {outcome.told or outcome.body}"
                elif seen := known.get(one.code):
                    try:
                        reader.sees(seen)
                    except AssertionError as error:
                        yield f"{one.name}: {error}"
                reader.clear()
    key = wire_bodies.backend(second_account(stack))
    for number, name in enumerate(wire_bodies.NAMES):
        if complaint := wire_bodies.complaint(number, wire_bodies.send(key, number)):
            yield f"body {name}: {complaint}"
