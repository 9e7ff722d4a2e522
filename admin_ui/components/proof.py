"""Asks for the password, or for a new sign-in, before what must not be done by somebody at a person's open browser."""

from collections.abc import Awaitable, Callable, Mapping

from nicegui import ui
from smith.core.v1.second_factor_service_pb2 import GetSecondFactorRequest, GetSecondFactorResponse

from admin_ui.components.buttons import OnClick, primary, secondary
from admin_ui.components.dialogs import dialog, dialog_actions, gone_when_closed
from admin_ui.components.form_dialog import Done, Form, ask_by_form
from admin_ui.core import Refused
from admin_ui.texts import _
from admin_ui.visit import Visit

TOO_LATE = _("You signed in more than 10 minutes ago. Close this and try again.")
SIGN_IN_FIRST = _(
    "No password opens your login. Sign in again to show that it is you: then you have 10 minutes for this."
)


class Proof(Form):
    """A form that has a field for the password, if that is needed."""

    def __init__(
        self,
        fields: Mapping[str, ui.input] | None = None,
        *,
        needs_password: bool,
        name: str,
        instead: Mapping[str, str] | None = None,
    ) -> None:
        """Draws the field where it is called. `name` is what the API calls it."""
        self._password = None
        if needs_password:
            self._password = ui.input(_("Your password"), password=True, password_toggle_button=True)
            self._password.props("maxlength=200 autocomplete=current-password")
        self._name = name
        super().__init__({**(fields or {}), **({name: self._password} if self._password else {})}, instead=instead)

    @property
    def password(self) -> str | None:
        """What was typed; None if it was not asked for."""
        return None if self._password is None else str(self._password.value or "")

    def is_incomplete(self) -> bool:
        """See Form."""
        super().is_incomplete()
        if self._password is None or self._password.value:
            return False
        self._password.error = _("Enter your password.")
        return True

    def refuse(self, refusal: Refused) -> None:
        """See Form."""
        is_about_it = refusal.reason == "FORBIDDEN" and self._name in refusal.message
        if is_about_it and self._password is not None:
            self._password.error = _("This is not your password.")
        elif is_about_it:
            self.tell(TOO_LATE)
        else:
            super().refuse(refusal)


async def means_of(visit: Visit) -> GetSecondFactorResponse:
    """By what the person can show who they are. Raises Refused."""
    return await visit.ask(visit.core.second_factor.GetSecondFactor, GetSecondFactorRequest())


async def ask_with_proof(
    visit: Visit,
    stage: ui.element,
    title: str,
    about: str = "",
    *,
    verb: str,
    submit: Callable[[Proof], Awaitable[Done | None]],
    back: str,
    draw: Callable[[], Mapping[str, ui.input]] = dict,
    instead: Mapping[str, str] | None = None,
    button: Callable[[str, OnClick], object] = primary,
    always: bool = False,
    name: str = "current_password",
) -> Done | None:
    """As `ask_by_form`, and asks for the password, which the API calls `name`, unless the person has just signed in;
    with `always`, then too. Who has none must have just signed in, and is asked to sign in again otherwise; `back` is
    the card on this page that they come back to.

    `draw` draws the other inputs, and returns them by the API's names.
    """
    means = await means_of(visit)
    if not (means.fresh or means.has_password):
        _ask_to_sign_in(stage, title, back)
        return None
    needs_password = means.has_password and (always or not means.fresh)
    return await ask_by_form(
        stage,
        title,
        about,
        verb=verb,
        draw=lambda: Proof(draw(), needs_password=needs_password, name=name, instead=instead),
        submit=submit,
        button=button,
    )


def _ask_to_sign_in(stage: ui.element, title: str, back: str) -> None:
    here = ui.context.client.request.url.path
    with stage, dialog(title, SIGN_IN_FIRST) as shown, dialog_actions():
        secondary(_("Cancel"), shown.close)
        with ui.element("form").props("method=post action=/sign-out"):
            following = ui.element("input").props("type=hidden name=next")
            following.props["value"] = f"{here}#{back}"
            primary(_("Sign in again")).props("type=submit")
    gone_when_closed(shown)
    shown.open()
