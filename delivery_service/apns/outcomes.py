"""What follows from an answer of APNs, or from having none, by the table in `smith/delivery/v1/reason.proto`."""

from smith.delivery.v1.reason_pb2 import Concern, Meaning, OutcomeKind, Reason

from service_kit.enum_words import by_word

ACCEPTED = OutcomeKind.OUTCOME_KIND_ACCEPTED
RETRY = OutcomeKind.OUTCOME_KIND_RETRY
TOKEN_DEAD = OutcomeKind.OUTCOME_KIND_TOKEN_DEAD
REJECTED = OutcomeKind.OUTCOME_KIND_REJECTED
MISCONFIGURED = OutcomeKind.OUTCOME_KIND_MISCONFIGURED

EXPIRED_PROVIDER_TOKEN = "ExpiredProviderToken"  # noqa: S105 (a reason, not a secret)

_TABLE = by_word(Reason.DESCRIPTOR, Concern.DESCRIPTOR)
BY_WORD: dict[str, "Reason.ValueType"] = {word: number for word, (number, _) in _TABLE.items()}
"""Reasons by the word that APNs has for them, or that we have."""
MEANINGS: dict["Reason.ValueType", Meaning] = {BY_WORD[word]: said for word, (_, said) in _TABLE.items()}


def reason_of(status: str, word: str) -> "Reason.ValueType":
    """The reason for which APNs did not accept a push: by its word, which may be empty, or else by the HTTP status
    (digits; empty for none)."""
    of_status = BY_WORD.get(f"Http{status}") or BY_WORD.get(f"Http{status[:1]}Xx", Reason.REASON_UNKNOWN)
    return BY_WORD.get(word, of_status)


class PushFailed(Exception):
    """The push has no answer."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotSent(PushFailed):
    """APNs certainly did not process the push: it may go out again at once, over another connection."""


class MaybeSent(PushFailed):
    """APNs may have processed the push. A repeat may show twice unless the push has a collapse id."""


class NoConnection(PushFailed):
    """There was no connection for the push. An immediate repeat would not help."""
