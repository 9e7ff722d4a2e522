"""Forms of plain HTML, for what gives the browser a cookie: their answers are HTTP answers, not messages of a page."""

from collections.abc import Iterator
from contextlib import contextmanager

from nicegui import ui
from starlette.responses import RedirectResponse, Response

from admin_ui.components.html import text
from admin_ui.components.states import notice
from admin_ui.core import Refused

AWAY = "The server cannot answer right now. Try again in a moment."


@contextmanager
def native_form(action: str, verb: str) -> Iterator[None]:
    """A form that is sent to `action`; the block draws its fields, `verb` stands on its button."""
    with ui.element("form").classes("form").props("method=post") as form:
        form.props["action"] = action
        yield
        with ui.element("button").classes("form-submit").props("type=submit"):
            text(verb)


def native_field(label: str, props: str, hint: str = "") -> ui.element:
    """A field with its label; `props` are attributes of its `input`."""
    with ui.element("label").classes("form-field"):
        text(label, "form-label")
        field = ui.element("input").classes("form-input").props(props)
        if hint:
            text(hint, "muted small")
    return field


def back(path: str, refusal: Refused, problems: "dict[str, str]") -> Response:
    """Sends the browser back to the form and has it say why; `problems` says by a refusal's reason what to call it."""
    problem = problems.get(refusal.reason, "away")
    wait = refusal.facts.get("retry_after_seconds")
    ask = f"?problem={problem}" + (f"&wait={int(wait)}" if wait else "")
    return RedirectResponse(path + ask, status_code=303)


def tell(problem: str, wait: str, sentences: "dict[str, str]") -> None:
    """Says what `back` has sent the browser back for. Anything else that stands in the address is not said."""
    if problem == "often":
        notice("bad", f"Too many attempts. Try again {_in(wait)}.")
    elif problem == "away":
        notice("bad", AWAY)
    elif problem in sentences:
        notice("bad", sentences[problem])


def _in(wait: str) -> str:
    if not (wait.isascii() and wait.isdecimal() and len(wait) < 6):
        return "in a few minutes"
    minutes = -(-int(wait) // 60)
    return "in a minute" if minutes <= 1 else f"in {minutes} minutes"
