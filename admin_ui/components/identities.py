"""The logins elsewhere by which the person signs in here."""

from smith.core.v1.single_sign_on_service_pb2 import Identity, ListIdentitiesRequest

from admin_ui.components.html import div, text
from admin_ui.components.layout import badge, card
from admin_ui.components.times import ago
from admin_ui.texts import _
from admin_ui.visit import Visit


async def identities(visit: Visit) -> None:
    """A card with them; nothing if there are none. Raises Refused."""
    listed = await visit.ask(visit.core.single_sign_on.ListIdentities, ListIdentitiesRequest())
    if not listed.identities:
        return
    with card(_("Single sign-on"), _("A login elsewhere that signs you in here.")):
        for one in listed.identities:
            _line(one)


def _line(one: Identity) -> None:
    with div("spread"):
        with div("cluster"):
            text(one.name, "strong")
            if one.email:
                text(one.email, "muted")
            if one.current:
                badge(_("Signed in by it now"), "good")
            elif not one.usable:
                badge(_("No longer used"))
        with div("cluster small muted"):
            text(_("last used"))
            ago(one.signed_in_at)
