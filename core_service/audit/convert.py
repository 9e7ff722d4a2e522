"""Audit entries as protobuf carries them."""

from smith.core.v1 import audit_entry_pb2, audit_service_pb2, json_object_pb2

from core_service.audit.models import AuditEntry
from core_service.audit.service import AuditFilter
from core_service.common.reading import given, read_time, to_timestamp
from core_service.common.validation import require_uuid


def read_filter(request: audit_service_pb2.ListAuditEntriesRequest) -> AuditFilter:
    """Which entries are asked for.

    Raises InvalidRequest.
    """
    return AuditFilter(
        actor_id=given(request, "actor_id", require_uuid),
        method=given(request, "method"),
        since=read_time(request, "since"),
        until=read_time(request, "until"),
    )


def to_audit_entry(entry: AuditEntry) -> audit_entry_pb2.AuditEntry:
    """The message."""
    return audit_entry_pb2.AuditEntry(
        id=str(entry.id),
        occurred_at=to_timestamp(entry.occurred_at),
        actor=audit_entry_pb2.AuditActor.Value(f"AUDIT_ACTOR_{entry.actor.upper()}"),
        actor_id=None if entry.actor_id is None else str(entry.actor_id),
        actor_name=entry.actor_name,
        method=entry.method,
        request=json_object_pb2.JsonObject(json=entry.request),
        subject_id=None if entry.subject_id is None else str(entry.subject_id),
        client_address=entry.client_address,
        request_id=entry.request_id,
    )
