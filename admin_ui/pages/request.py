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
from admin_ui.texts import _
from admin_ui.visit import Visit
from service_kit.json_mapping import dump, encoder_for

JSON = encoder_for(LoggedRequest.DESCRIPTOR)
WITHOUT_BODY = _(
    "The body of this request was not kept. The server keeps those of refused requests, unless "
    "SMITH_REQUEST_LOG_BODIES says otherwise. A body that may hold a secret is never kept."
)


def create(site: Site) -> None:
    """Registers `/requests/{request_id}`."""

    @site.page(f"{PATH}/{{request_id}}", title=_("Request"))
    async def request(visit: Visit, request_id: str) -> None:
        if not visit.is_owner:
            with empty_state("lock", _("For owners"), _("Only an owner of the workspace can see the requests.")):
                pass
            return
        asked = GetRequestRequest(request_id=request_id)
        _draw((await visit.ask(visit.core.request_log.GetRequest, asked)).request)


def _draw(request: LoggedRequest) -> None:
    back_link(_("Requests"), PATH)
    path = request.path or _("an unknown path")
    with page_header(f"{request.method} {path}"):
        copy_button(dump(JSON.encode(request)).decode(), _("Copy everything as JSON"))
    with div("cluster"):
        badge(outcome_of(request.status), tone_of(request.status))
        ago(request.occurred_at)
        text(_("took {took}").format(took=took(request.latency_ms)), "muted")
    with div("columns"):
        with div("stack"):
            if request.error:
                _why(request)
            with card(_("Body"), _("What the request said, without secrets.")):
                if request.HasField("body"):
                    snippet(request.body, "body")
                else:
                    p(WITHOUT_BODY, "muted")
        with card(_("About it")) as about:
            about.classes("request-about")
            _about(request)


def _why(request: LoggedRequest) -> None:
    with card(_("Why it was refused")):
        p(request.message)
        with facts():
            for name, value in (
                (_("Error"), request.error),
                (_("Wrong field"), request.field),
                (_("Name of the error"), request.reason),
            ):
                if value:
                    with fact(name):
                        copyable(value, name.lower())


def _about(request: LoggedRequest) -> None:
    moment = request.occurred_at.ToDatetime(dt.UTC).isoformat(sep=" ", timespec="milliseconds")
    with facts():
        with fact(_("Request id")):
            copyable(request.request_id, _("request id"))
        with fact(kind_of(request)):
            with div("cluster"):
                text(caller_of(request))
                if request.caller_revoked:
                    badge(_("Revoked"), "bad")
            if request.caller == REQUEST_CALLER_API_KEY:
                a(_("Its requests"), f"{PATH}?key={request.caller_id}")
        for name, value in (
            (_("Time (UTC)"), moment.removesuffix("+00:00")),
            (_("From address"), request.client_address),
            (_("Path"), request.path),
            (_("Ignored fields"), request.ignored_fields),
            (_("Stream"), request.stream_key),
        ):
            if value:
                with fact(name):
                    copyable(value, name.lower())
        if request.notification_id:
            with fact(_("Push notification")):
                copyable(request.notification_id, _("notification id"))
                a(_("Open it"), f"/delivery-log/{request.notification_id}")
        if request.activity_id:
            with fact(_("Live Activity")):
                copyable(request.activity_id, _("activity id"))
                a(_("Open it"), f"/live-activities/{request.activity_id}")
