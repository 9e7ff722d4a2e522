"""A logged request in words for people, and the addresses of its pages."""

from urllib.parse import urlencode

from smith.core.v1.logged_request_pb2 import (
    REQUEST_CALLER_API_KEY,
    REQUEST_CALLER_DEVICE,
    REQUEST_CALLER_USER,
    LoggedRequest,
)

from admin_ui.texts import _

PATH = "/requests"

OUTCOMES = {
    400: _("Not valid"),
    401: _("Not signed in"),
    403: _("Not allowed"),
    404: _("Not found"),
    405: _("Wrong method"),
    408: _("Too slow"),
    409: _("Conflict"),
    413: _("Too large"),
    415: _("Wrong format"),
    422: _("Not possible"),
    429: _("Too many"),
    499: _("Client left"),
    503: _("Server busy"),
}
"""What a status means, in a word or two."""

KINDS = {
    REQUEST_CALLER_API_KEY: (_("API key"), _("An API key that is gone")),
    REQUEST_CALLER_USER: (_("Person"), _("A person who is gone")),
    REQUEST_CALLER_DEVICE: (_("Device"), _("A device that was removed")),
}


def outcome_of(status: int) -> str:
    """The status with its meaning: `404 Not found`."""
    meaning = OUTCOMES.get(status) or (
        _("Done") if status < 400 else _("Refused") if status < 500 else _("Server error")
    )
    return f"{status} {meaning}"


def took(milliseconds: int) -> str:
    """How long a request took, in words."""
    return _("{milliseconds:,} ms").format(milliseconds=milliseconds) if milliseconds else _("less than 1 ms")


def tone_of(status: int) -> str:
    """The badge's tone."""
    return "good" if status < 400 else "warn" if status < 500 else "bad"


def kind_of(request: LoggedRequest) -> str:
    """What kind of credential it had."""
    return KINDS[request.caller][0] if request.caller in KINDS else _("Caller")


def caller_of(request: LoggedRequest) -> str:
    """Who made it."""
    if request.HasField("caller_name"):
        return request.caller_name
    return KINDS[request.caller][1] if request.caller in KINDS else _("Unknown")


def fault_of(request: LoggedRequest) -> str:
    """Why it was refused, in one line; empty if it was not."""
    if request.field and not request.message.startswith(request.field):
        return f"{request.field}: {request.message}"
    return request.message or request.error


def requests_about(*, notification_id: str = "", activity_id: str = "") -> str:
    """The address of the log of requests about one thing."""
    return f"{PATH}?{urlencode({'notification': notification_id} if notification_id else {'activity': activity_id})}"
