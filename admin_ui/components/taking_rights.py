"""The dialogs before a person is removed or becomes a member: what ends with it, and what else to end."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from nicegui import ui
from smith.core.v1.account_pb2 import ROLE_MEMBER, ROLE_OWNER
from smith.core.v1.account_service_pb2 import (
    GetMemberRequest,
    GetMemberResponse,
    RemoveMemberRequest,
    UpdateMemberRequest,
)
from smith.core.v1.api_key_pb2 import API_KEY_SCOPE_ALL, ApiKey
from smith.core.v1.device_pb2 import Device

from admin_ui.components.buttons import danger, secondary
from admin_ui.components.dialogs import dialog, dialog_actions
from admin_ui.components.html import a, div, p, phrase, text
from admin_ui.components.lists import and_more
from admin_ui.components.times import ago
from admin_ui.texts import _, ngettext
from admin_ui.visit import Visit

SHOWN = 8
"""Most names in a list; the others are counted."""


@dataclass(frozen=True)
class _Words:
    title: str
    explanation: str
    verb: str


@dataclass(frozen=True)
class _Decisions:
    """The checkboxes of a dialog, for what does not end by itself."""

    keys: dict[str, ui.checkbox]
    devices: dict[str, ui.checkbox]
    webhook_secret: ui.checkbox | None

    @property
    def api_key_ids(self) -> list[str]:
        return [key_id for key_id, box in self.keys.items() if box.value]

    @property
    def device_ids(self) -> list[str]:
        return [device_id for device_id, box in self.devices.items() if box.value]

    @property
    def rotate_webhook_secret(self) -> bool:
        return self.webhook_secret is not None and bool(self.webhook_secret.value)


async def remove_member(visit: Visit, user_id: str) -> bool:
    """Asks, and removes the person if the answer is yes. True if they were removed. Call it in a part of the page that
    is never cleared. Raises Refused."""
    held = await visit.ask(visit.core.accounts.GetMember, GetMemberRequest(user_id=user_id))
    is_self = user_id == visit.member.user_id

    words = _Words(
        _("Leave the workspace?") if is_self else _("Remove {name}?").format(name=held.member.name),
        _("You lose access at once. This cannot be undone; they can come back only with a new invite.")
        if is_self
        else _(
            "{email} loses access at once. This cannot be undone; they can come back only with a new invite."
        ).format(email=held.member.email),
        _("Leave workspace") if is_self else _("Remove member"),
    )
    decided = await _ask(held, words, leaves=True)
    if decided is None:
        return False
    request = RemoveMemberRequest(
        user_id=user_id,
        api_key_ids=decided.api_key_ids,
        device_ids=decided.device_ids,
        rotate_webhook_secret=decided.rotate_webhook_secret,
    )
    await visit.ask(visit.core.accounts.RemoveMember, request)
    return True


async def demote_member(visit: Visit, user_id: str) -> bool:
    """Asks, and makes an owner a member if the answer is yes. True if they are a member now. Call it in a part of the
    page that is never cleared. Raises Refused."""
    held = await visit.ask(visit.core.accounts.GetMember, GetMemberRequest(user_id=user_id))
    if user_id == visit.member.user_id:
        loss = _("You can no longer manage people and settings.")
    else:
        loss = _("{name} can no longer manage people and settings.").format(name=held.member.name)
    words = _Words(_("Make a member?"), loss, _("Make member"))
    decided = await _ask(held, words, leaves=False)
    if decided is None:
        return False
    request = UpdateMemberRequest(
        user_id=user_id,
        role=ROLE_MEMBER,
        api_key_ids=decided.api_key_ids,
        device_ids=decided.device_ids,
        rotate_webhook_secret=decided.rotate_webhook_secret,
    )
    await visit.ask(visit.core.accounts.UpdateMember, request)
    return True


async def _ask(held: GetMemberResponse, words: _Words, *, leaves: bool) -> _Decisions | None:
    """What else to end; None if the person cancels."""
    with dialog(words.title, words.explanation) as asked:
        _what_ends(held, leaves=leaves)
        decisions = _Decisions(
            _which_keys(held.api_keys) if held.api_keys else {},
            _which_devices(held) if held.devices_paired_for_others else {},
            _whether_to_rotate() if held.may_know_webhook_secret else None,
        )
        with dialog_actions():
            secondary(_("Cancel"), lambda: asked.submit(False))
            danger(words.verb, lambda: asked.submit(True))
    agreed = bool(await asked)
    asked.delete()
    return decisions if agreed else None


def _what_ends(held: GetMemberResponse, *, leaves: bool) -> None:
    is_owner = held.member.role == ROLE_OWNER
    if not (leaves or is_owner):
        return
    with div("stack-tight"):
        p(_("This ends too"), "strong")
        with ui.element("ul"):
            if leaves:
                count = held.session_count
                sessions = ngettext("{count} open session", "{count} open sessions", count).format(count=count)
                text(sessions if count else _("No open sessions"), tag="li")
                count = held.device_count
                devices = ngettext("{count} device", "{count} devices", count).format(count=count)
                _listed(devices if count else _("No devices"), count, [device.name for device in held.devices])
            if is_owner or held.invite_count:
                count = held.invite_count
                invites = ngettext("{count} open invite", "{count} open invites", count).format(count=count)
                _listed(invites if count else _("No open invites"), count, [invite.email for invite in held.invites])
            if is_owner:
                text(_("Pairing codes and links that they have made for others and that are not used yet"), tag="li")


def _listed(words: str, count: int, names: Sequence[str]) -> None:
    with ui.element("li"):
        text(words)
        if names:
            shown, more = ", ".join(names[:SHOWN]), count - len(names[:SHOWN])
            text(": " + (and_more(shown, more) if more > 0 else shown), "muted")


def _which_keys(keys: Sequence[ApiKey]) -> dict[str, ui.checkbox]:
    """A checkbox for each key, not ticked: backends may depend on it."""
    with _group(_("API keys to revoke")):
        p(_("API keys they have made"), "strong")
        p(_("They may have kept the secrets of these keys. Keys that you do not tick keep working."), "muted")
        return {key.id: _key_box(key) for key in keys}


def _key_box(key: ApiKey) -> ui.checkbox:
    with div("decision"):
        box = ui.checkbox(_("Revoke {name}").format(name=key.name))
        with div("decision-about small muted"):
            is_for_all = key.scope == API_KEY_SCOPE_ALL
            phrase(
                _("{key}, {reach}, last used {when}"),
                key=partial(text, f"{key.hint}…", "mono"),
                reach=_("all recipients") if is_for_all else ", ".join(key.channels) or _("no channels"),
                when=partial(ago, key.last_used_at if key.HasField("last_used_at") else None),
            )
    return box


def _which_devices(held: GetMemberResponse) -> dict[str, ui.checkbox]:
    """A checkbox for each phone, not ticked: the phone may rightly belong to the person that it is paired for."""
    with _group(_("Phones to unpair")):
        p(_("Phones they have paired for others"), "strong")
        p(_("Check that each is in the right hands. Phones that you do not tick keep getting pushes."), "muted")
        boxes = {device.id: _device_box(device) for device in held.devices_paired_for_others}
        more = held.devices_paired_for_others_count - len(boxes)
        if more > 0:
            with p("", "muted"):
                words = ngettext("There is {count} more. {link}", "There are {count} more. {link}", more)
                phrase(words, count=str(more), link=partial(a, _("See all phones"), "/devices"))
    return boxes


def _device_box(device: Device) -> ui.checkbox:
    with div("decision"):
        box = ui.checkbox(_("Unpair {name}").format(name=device.name))
        with div("decision-about small muted"):
            whose = device.user_name or device.user_email
            phrase(_("of {person}, paired {when}"), person=whose, when=partial(ago, device.created_at))
    return box


def _whether_to_rotate() -> ui.checkbox:
    with _group(_("Webhook signing secret")):
        p(_("The webhook signing secret"), "strong")
        p(
            _(
                "Owners can read it, and it is enough to forge webhook calls. If you make a new one, calls are signed "
                "with both for 24 hours; the new one is in the settings."
            ),
            "muted",
        )
        return ui.checkbox(_("Make a new webhook signing secret"))


def _group(name: str) -> ui.element:
    group = div("stack-tight").props("role=group")
    group.props["aria-label"] = name
    return group
