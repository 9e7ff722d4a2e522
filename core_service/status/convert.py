"""The server's status as protobuf carries it."""

from collections.abc import Iterable, Iterator, Sequence

from smith.core.v1 import status_service_pb2 as messages

from core_service.common.reading import to_timestamp
from core_service.sending.reasons import QUEUED, of_route
from core_service.status.account_alarms import AccountAlarm, Kind
from core_service.status.alert_messages import WEBHOOK
from core_service.status.alert_pushes import PUSH
from core_service.status.backups import Backup
from core_service.status.concerns import ConcernKind, ServerConcern
from core_service.status.destinations import Destination, Destinations
from core_service.status.facts import Facts
from core_service.status.reports import RELEASE
from core_service.status.service import Alarm

KINDS = {
    Kind.DEAD_TOKENS: messages.ALARM_KIND_DEAD_TOKENS,
    Kind.QUEUE_AGE: messages.ALARM_KIND_QUEUE_AGE,
}
CONCERNS = {one: messages.ServerConcernKind.Value(f"SERVER_CONCERN_KIND_{one.name}") for one in ConcernKind}
OF_ALL_ACCOUNTS = frozenset({ConcernKind.ROUTE_STOPPED, ConcernKind.QUEUE_AGE})
"""Concerns that may be about other accounts. `GetServerStatus` has those of the account."""
CHECK = " Settings checks the credentials."
DESTINATIONS = {one: messages.Destination.Value(f"DESTINATION_{one.name}") for one in Destination}


def to_response(
    alarms: Iterable[Alarm], own: Iterable[AccountAlarm], destinations: Destinations
) -> messages.GetServerStatusResponse:
    """The answer: problems of the server, then of the account, and where pushes and mails go."""
    return messages.GetServerStatusResponse(
        alarms=[*map(_to_alarm, alarms), *map(_to_own_alarm, own)],
        pushes=DESTINATIONS[destinations.pushes],
        mails=DESTINATIONS[destinations.mails],
    )


def to_destinations(destinations: Destinations) -> messages.GetDestinationsResponse:
    """Where pushes and mails go."""
    return messages.GetDestinationsResponse(
        pushes=DESTINATIONS[destinations.pushes], mails=DESTINATIONS[destinations.mails]
    )


def to_facts(
    facts: Facts, concerns: Iterable[ServerConcern], recipients: Sequence[str]
) -> messages.GetServerFactsResponse:
    """How the server runs, and how many are told of it. If several accounts share it, without anything that is of all
    of them together."""
    is_whole = facts.accounts <= 1
    answer = messages.GetServerFactsResponse(
        release=RELEASE,
        schema_revision=facts.schema,
        is_whole_server=is_whole,
        processes=_to_processes(facts),
        concerns=[
            messages.ServerConcern(kind=CONCERNS[one.kind], explanation=one.explanation)
            for one in concerns
            if is_whole or one.kind not in OF_ALL_ACCOUNTS
        ],
    )
    if is_whole:
        answer.database_bytes = facts.database_bytes
        answer.alert_recipients.CopyFrom(_to_recipients(recipients))
        for name, depth in facts.queues.items():
            answer.queues.add(name=name, waiting=depth.owed, oldest_seconds=depth.oldest_seconds)
    if facts.disk is not None:
        answer.disk_free_bytes, answer.disk_bytes = facts.disk.free_bytes, facts.disk.bytes
    for backup, field in ((facts.last_backup, answer.last_backup), (facts.restored, answer.restored_from)):
        if backup is not None:
            field.CopyFrom(_to_backup(backup, is_whole=is_whole))
    return answer


def _to_recipients(recipients: Sequence[str]) -> messages.AlertRecipients:
    people = sum(one.startswith(PUSH) for one in recipients)
    webhooks = sum(one.startswith(WEBHOOK) for one in recipients)
    # Without the addresses: the one of a webhook is a secret.
    return messages.AlertRecipients(mails=len(recipients) - people - webhooks, webhooks=webhooks, people=people)


def _to_processes(facts: Facts) -> Iterator[messages.ServerProcess]:
    for core in facts.cores:
        yield messages.ServerProcess(
            name="core", is_reachable=True, version=core.release, started_at=to_timestamp(core.started_at)
        )
    for name, is_reachable in facts.reachable.items():
        yield messages.ServerProcess(name=name, is_reachable=is_reachable)
    yield messages.ServerProcess(name="postgresql", is_reachable=True, version=facts.postgresql)


def _to_backup(backup: Backup, *, is_whole: bool) -> messages.BackupRecord:
    return messages.BackupRecord(
        finished_at=to_timestamp(backup.finished_at),
        snapshot_at=to_timestamp(backup.snapshot_at),
        place=backup.place if is_whole else "",
        bytes=backup.bytes if is_whole else 0,
        is_verified=backup.is_verified,
    )


def _to_alarm(alarm: Alarm) -> messages.Alarm:
    explanation, advice = of_route(alarm.reason)
    return messages.Alarm(
        kind=messages.ALARM_KIND_LINE_STOPPED,
        line=alarm.route.label,
        reason=alarm.reason,
        explanation=explanation,
        advice=f"{advice} {QUEUED}{'' if alarm.route.is_of_browsers else CHECK}",
        since=to_timestamp(alarm.since),
    )


def _to_own_alarm(alarm: AccountAlarm) -> messages.Alarm:
    return messages.Alarm(
        kind=KINDS[alarm.kind],
        reason=alarm.reason,
        explanation=alarm.explanation,
        advice=alarm.advice,
        since=to_timestamp(alarm.since),
    )
