"""The question before somebody is removed: what goes with them, and which of their API keys."""

from nicegui import ui
from smith.core.v1.account_service_pb2 import GetMemberRequest, GetMemberResponse, RemoveMemberRequest
from smith.core.v1.api_key_pb2 import API_KEY_SCOPE_ALL, ApiKey

from admin_ui.components.buttons import danger, secondary
from admin_ui.components.dialogs import dialog, dialog_actions
from admin_ui.components.html import div, p, text
from admin_ui.components.times import ago
from admin_ui.visit import Visit

SHOWN_DEVICES = 8


async def remove_member(visit: Visit, user_id: str) -> bool:
    """Asks, and removes the person if that is what is wanted. True if they are gone. To be called where nothing clears
    what is drawn. Raises Refused."""
    held = await visit.ask(visit.core.accounts.GetMember, GetMemberRequest(user_id=user_id))
    is_self = user_id == visit.member.user_id
    title = "Leave the account?" if is_self else f"Remove {held.member.name}?"
    who = "You lose" if is_self else f"{held.member.email} loses"
    boxes: dict[str, ui.checkbox] = {}
    with dialog(title, f"{who} access at once. This cannot be undone; a new invite starts afresh.") as asked:
        _what_goes(held)
        if held.api_keys:
            boxes = _which_keys(held)
        with dialog_actions():
            secondary("Cancel", lambda: asked.submit(False))
            danger("Leave account" if is_self else "Remove member", lambda: asked.submit(True))
    agreed = bool(await asked)
    revoked = [api_key_id for api_key_id, box in boxes.items() if box.value]
    asked.delete()
    if agreed:
        request = RemoveMemberRequest(user_id=user_id, api_key_ids=revoked)
        await visit.ask(visit.core.accounts.RemoveMember, request)
    return agreed


def _what_goes(held: GetMemberResponse) -> None:
    with div("stack-tight"):
        p("Ends with it", "strong")
        with ui.element("ul"):
            text(_counted(held.session_count, "open session"), tag="li")
            with ui.element("li"):
                text(_counted(held.device_count, "device"))
                if held.devices:
                    names = [device.name for device in held.devices[:SHOWN_DEVICES]]
                    more = held.device_count - len(names)
                    text(": " + ", ".join(names) + (f" and {more} more" if more else ""), "muted")


def _which_keys(held: GetMemberResponse) -> dict[str, ui.checkbox]:
    """A box for each key, not ticked: backends may depend on it."""
    with div("stack-tight") as group:
        group.props["role"] = "group"
        group.props["aria-label"] = "API keys to revoke"
        p("API keys they have made", "strong")
        p("Whoever has made a key knows its secret. Keys that are not ticked go on working.", "muted")
        return {key.id: _box(key) for key in held.api_keys}


def _box(key: ApiKey) -> ui.checkbox:
    with div("spread"):
        box = ui.checkbox(f"Revoke {key.name}")
        with div("small muted"):
            text(f"{key.hint}…", "mono")
            reach = "all recipients" if key.scope == API_KEY_SCOPE_ALL else ", ".join(key.channels) or "no channels"
            text(f", {reach}, last used ")
            ago(key.last_used_at if key.HasField("last_used_at") else None)
    return box


def _counted(count: int, noun: str) -> str:
    return f"{count or 'No'} {noun}{'' if count == 1 else 's'}"
