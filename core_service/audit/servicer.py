"""smith.core.v1.AuditService over gRPC."""

from typing import Any

from smith.core.v1 import audit_service_pb2 as messages
from smith.core.v1 import audit_service_pb2_grpc

from core_service.audit.convert import read_filter, to_audit_entry
from core_service.audit.service import AuditLog
from core_service.common.reading import asked_page
from core_service.identity import principal


class AuditServicer(audit_service_pb2_grpc.AuditServiceServicer):
    """Shows owners who did what."""

    def __init__(self, audit_log: AuditLog) -> None:
        self._audit_log = audit_log

    async def ListAuditEntries(
        self, request: messages.ListAuditEntriesRequest, context: Any
    ) -> messages.ListAuditEntriesResponse:
        page = await self._audit_log.list(
            principal.session().account_id,
            read_filter(request),
            *asked_page(request),
        )
        return messages.ListAuditEntriesResponse(
            audit_entries=[to_audit_entry(entry) for entry in page.items], next_page_token=page.next_token
        )
