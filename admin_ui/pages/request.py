"""One request, with all that is known of it, to copy."""

import datetime as dt

from smith.core.v1.logged_request_pb2 import REQUEST_CALLER_API_KEY, LoggedRequest
from smith.core.v1.request_log_service_pb2 import GetRequestRequest

from admin_ui.components.copying import copy_button, copyable, snippet
from admin_ui.components.html import a, div, p, text
from admin_ui.components.layout import back_link, badge, card, fact, facts, page_header
from admin_ui.components.states import empty_state
from admin_ui.components.times import ago
from admin_ui.requests.words import PATH, caller_of, kind_of, outcome_of, tone_of, took
from admin_ui.site import Site
from admin_ui.visit import Visit
from service_kit.json_mapping import dump, encoder_for

JSON = encoder_for(LoggedRequest.DESCRIPTOR)
WITHOUT_BODY = (
    "The body of this request was not kept. The server keeps those of refused requests, unless "
    "SMITH_REQUEST_LOG_BODIES says otherwise. A body that may hold a secret is never kept."
)


def create(site: Site) -> None:
    """Registers `/requests/{request_id}`."""

    @site.page(f"{PATH}/{{request_id}}", title="Request")
    async def request(visit: Visit, request_id: str) -> None:
        if not visit.is_owner:
            with empty_state("lock", "For owners", "Only an owner of the workspace can see the requests."):
                pass
            return
        asked = GetRequestRequest(request_id=request_id)
        _draw((await visit.ask(visit.core.request_log.GetRequest, asked)).request)


def _draw(request: LoggedRequest) -> None:
    back_link("Requests", PATH)
    with page_header(f"{request.method} {request.path or 'an unknown path'}"):
        copy_button(dump(JSON.encode(request)).decode(), "Copy everything as JSON")
    with div("cluster"):
        badge(outcome_of(request.status), tone_of(request.status))
        ago(request.occurred_at)
        text(f"took {took(request.latency_ms)}", "muted")
    with div("columns"):
        with div("stack"):
            if request.error:
                _why(request)
            with card("Body", "What the request said, without secrets."):
                if request.HasField("body"):
                    snippet(request.body, "body")
                else:
                    p(WITHOUT_BODY, "muted")
        with card("About it") as about:
            about.classes("request-about")
            _about(request)


def _why(request: LoggedRequest) -> None:
    with card("Why it was refused"):
        p(request.message)
        with facts():
            for name, value in (
                ("Error", request.error),
                ("Wrong field", request.field),
                ("Name of the error", request.reason),
            ):
                if value:
                    with fact(name):
                        copyable(value, name.lower())


def _about(request: LoggedRequest) -> None:
    moment = request.occurred_at.ToDatetime(dt.UTC).isoformat(sep=" ", timespec="milliseconds")
    with facts():
        with fact("Request id"):
            copyable(request.request_id, "request id")
        with fact(kind_of(request)):
            with div("cluster"):
                text(caller_of(request))
                if request.caller_revoked:
                    badge("Revoked", "bad")
            if request.caller == REQUEST_CALLER_API_KEY:
                a("Its requests", f"{PATH}?key={request.caller_id}")
        for name, value in (
            ("Time (UTC)", moment.removesuffix("+00:00")),
            ("From address", request.client_address),
            ("Path", request.path),
            ("Ignored fields", request.ignored_fields),
            ("Stream", request.stream_key),
        ):
            if value:
                with fact(name):
                    copyable(value, name.lower())
        if request.notification_id:
            with fact("Push notification"):
                copyable(request.notification_id, "notification id")
                a("Open it", f"/delivery-log/{request.notification_id}")
        if request.activity_id:
            with fact("Live Activity"):
                copyable(request.activity_id, "activity id")
                a("Open it", f"/live-activities/{request.activity_id}")
