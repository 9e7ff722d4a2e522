"""The field for the person's password, where core wants to know once more that it is them."""

from nicegui import ui

from admin_ui.components.html import p
from admin_ui.core import Refused
from admin_ui.texts import _


class Proof:
    """Asks for the password, unless the person has just signed in."""

    def __init__(self, *, is_fresh: bool, always: bool = False) -> None:
        """Draws the field where it is called. `always`: also for a person who has just signed in."""
        self._field: ui.input | None = None
        if always or not is_fresh:
            self._field = ui.input(_("Your password"), password=True, password_toggle_button=True)
            self._field.props("maxlength=200 autocomplete=current-password")
        self._problem = p("", "tone-bad").props("role=alert")

    @property
    def password(self) -> str | None:
        """What was typed; None if it was not asked for."""
        return None if self._field is None else str(self._field.value or "")

    def is_missing(self) -> bool:
        """Whether the password is asked for and not there. Says so at the field."""
        self._problem.text = ""
        if self._field is None:
            return False
        self._field.error = None if self._field.value else _("Enter your password.")
        return bool(self._field.error)

    def refuse(self, refusal: Refused) -> None:
        """Shows why core has refused. Raises the refusal if the page as a whole has to deal with it."""
        if refusal.is_signed_out:
            raise refusal
        if self._field is not None and refusal.reason == "FORBIDDEN" and "current_password" in refusal.message:
            self._field.error = _("This is not your password.")
        elif self._field is None and refusal.reason == "FORBIDDEN" and "current_password" in refusal.message:
            self._problem.text = _("You signed in more than 10 minutes ago. Close this and try again.")
        else:
            self._problem.text = refusal.message
