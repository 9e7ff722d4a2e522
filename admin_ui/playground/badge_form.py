"""The form of the number on the app's icon."""

from collections.abc import Callable, Sequence

from admin_ui.components.html import div
from admin_ui.playground.fields import Fields
from admin_ui.sending.api_request import ApiRequest, Operation
from admin_ui.texts import _


class BadgeForm:
    """Number and channels."""

    def __init__(self, channels: Sequence[str], on_change: Callable[[], None]) -> None:
        self.fields = fields = Fields(on_change)
        with div("composer composer-pair"):
            number = fields.number("badge", _("Number"), 3, hint=_("0 removes it from the icon"))
            # A push has a field of this name, too.
            number.mark("number").props["data-draft"] = "number on the icon"
            fields.choices("target.channels", _("Channels"), channels, hint=_("Everybody, if none"))

    def read(self) -> ApiRequest:
        """The request as it is filled in. The number is always part of it: without one it is refused."""
        channels = self.fields.words("target.channels")
        target = {"target": {"channels": channels}} if channels else {}
        return ApiRequest(Operation.BADGE, {"badge": self.fields.amount("badge"), **target})
