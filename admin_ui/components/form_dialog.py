"""A dialog with a form: it closes once core has done what is asked, and says until then why core has not."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from nicegui import ui

from admin_ui.components.buttons import OnClick, primary, secondary
from admin_ui.components.dialogs import answer_of, dialog, dialog_actions
from admin_ui.components.form_words import show_refusal
from admin_ui.components.html import p
from admin_ui.core import Refused
from admin_ui.texts import _


class Form:
    """The inputs of a dialog, and where it says what is wrong."""

    def __init__(
        self, fields: Mapping[str, ui.input] | None = None, *, instead: Mapping[str, str] | None = None
    ) -> None:
        """Draws the line for errors where it is called. `fields` are the inputs by the API's names; `instead` has, by
        the same names, what is said instead of core's own words for a wrong value."""
        self._fields = dict(fields or {})
        self._instead = instead or {}
        self._problem = p("", "tone-bad").props("role=alert")

    def is_incomplete(self) -> bool:
        """Whether something is missing. Says so, and takes earlier errors away."""
        self._problem.text = ""
        for field in self._fields.values():
            field.error = None
        return False

    def tell(self, words: str) -> None:
        """Shows what is wrong with no field in particular."""
        self._problem.text = words

    def refuse(self, refusal: Refused) -> None:
        """Shows why core has refused. Raises the refusal if the page as a whole has to deal with it."""
        if refusal.is_signed_out:
            raise refusal
        labels = {name: str(field.props.get("label", "")) for name, field in self._fields.items()}
        name, words = show_refusal(refusal, labels)
        if name:
            self._fields[name].error = self._instead.get(name, words)
        else:
            self.tell(words)


AnyForm = TypeVar("AnyForm", bound=Form)
Done = TypeVar("Done")


async def ask_by_form(
    stage: ui.element,
    title: str,
    about: str = "",
    *,
    verb: str,
    draw: Callable[[], AnyForm],
    submit: Callable[[AnyForm], Awaitable[Done | None]],
    button: Callable[[str, OnClick], object] = primary,
) -> Done | None:
    """Shows the dialog on `stage`, and returns core's answer; None if the person has given up.

    `draw` draws its content. `verb` is on the button that awaits `submit`, which returns core's answer, or None to
    leave the dialog open.
    """
    with stage, dialog(title, about) as shown:
        form = draw()

        async def act() -> None:
            if form.is_incomplete():
                return
            try:
                done = await submit(form)
            except Refused as refusal:
                form.refuse(refusal)
            else:
                if done is not None:
                    shown.submit(done)

        with dialog_actions():
            secondary(_("Cancel"), lambda: shown.submit(None))
            button(verb, act)
    answer: Done | None = await answer_of(shown)
    return answer
