"""The workspace's settings: its name, its limits, and checks of Apple's service and of mail."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from nicegui import ui
from smith.core.v1.account_pb2 import Account
from smith.core.v1.account_service_pb2 import UpdateAccountRequest

from admin_ui.components.apns_check import apns_check
from admin_ui.components.buttons import quiet, secondary
from admin_ui.components.copying import copyable
from admin_ui.components.html import a, div, p, phrase, text
from admin_ui.components.layout import card, fact, facts, page_header
from admin_ui.components.saving import save_from
from admin_ui.components.settings_tabs import settings_tabs
from admin_ui.components.smtp_test import smtp_test
from admin_ui.components.webhook_secret import webhook_secret
from admin_ui.leaving.cards import delete_card, export_card
from admin_ui.page_task import on_page
from admin_ui.site import Site
from admin_ui.texts import _
from admin_ui.visit import Visit

PATH = "/settings"
MAX_LIMIT = 2**31 - 1
"""The largest number that is sent to core, which may allow less."""
LIMITS = (
    (
        "rate_limit_per_minute",
        _("Requests per minute"),
        _("What all API keys together may send. Requests beyond it are refused (429)."),
    ),
    ("max_live_activities", _("Live Activities at once"), _("Starting one more is refused. Those that run stay.")),
)

Save = Callable[..., Awaitable[Account]]


def create(site: Site) -> None:
    """Registers `/settings`."""

    @site.page(PATH, title=_("Settings"))
    async def settings(visit: Visit) -> None:
        with page_header(_("Settings"), _("Settings of the whole workspace.")):
            pass
        settings_tabs(visit, PATH)
        if not visit.is_owner:
            _read_only(visit.account)
            return

        async def save(**change: Any) -> Account:
            changed = await visit.ask(visit.core.accounts.UpdateAccount, UpdateAccountRequest(**change))
            ui.notify(_("Saved."), type="positive")
            return changed.account

        _workspace(visit.account, save)
        _limits(visit.account, save)
        _signing_in(visit, save)
        apns_check(visit)
        smtp_test(visit)
        webhook_secret(visit)
        export_card(visit)
        delete_card(visit)


def _read_only(account: Account) -> None:
    with card(_("Workspace"), _("An owner can change these.")), facts():
        for name, value in (
            (_("Name"), account.name),
            (_("Requests per minute"), f"{account.rate_limit_per_minute:,}"),
            (_("Live Activities at once"), f"{account.max_live_activities:,}"),
            (
                _("Of them on one phone"),
                _("{most:,} at most").format(most=account.max_live_activities_per_device),
            ),
            (_("Second factor"), _("Everybody needs one") if account.require_second_factor else _("Everybody decides")),
        ):
            with fact(name, value):
                pass


def _workspace(account: Account, save: Save) -> None:
    with card(_("Workspace")):
        name = ui.input(_("Name"), value=account.name).props("maxlength=100").classes("setting-field")

        async def rename() -> None:
            await save_from(name, lambda: save(name=name.value or ""))

        name.on("keydown.enter", on_page(rename))
        with div("stack-tight"):
            text(_("Identifier"), "muted small")
            copyable(account.id, _("workspace identifier"))
        with div("cluster"):
            secondary(_("Save name"), rename)


def _limits(account: Account, save: Save) -> None:
    with card(_("Limits"), _("They protect the phones of your team, and this server, from a faulty backend.")):
        for field, name, explanation in LIMITS:
            _limit(account, save, field=field, name=name, explanation=explanation)
        most = f"{account.max_live_activities_per_device:,}"
        p(
            _("One phone has at most {most} Live Activities at once, by this server's settings.").format(most=most),
            "muted small",
        )


def _signing_in(visit: Visit, save: Save) -> None:
    """Whether everybody needs a second factor. An owner needs one first."""
    with card(_("Signing in"), _("A second factor is an authenticator app or a passkey. API keys are not concerned.")):
        switch = ui.switch(_("Everybody needs a second factor"), value=visit.account.require_second_factor)
        p(_("People without one have to set one up before they can do anything else, from now on."), "muted small")
        if not (visit.member.has_second_factor or visit.account.require_second_factor):
            switch.disable()
            with p("", "muted small"):
                page = partial(a, _("your account's page"), "/account")
                phrase(_("Set up your own first, on {page}."), page=page)

        required = visit.account.require_second_factor

        async def keep() -> None:
            nonlocal required
            if bool(switch.value) == required:
                return
            try:
                required = (await save(require_second_factor=bool(switch.value))).require_second_factor
            finally:
                # A change that core has refused is no change.
                switch.value = required

        switch.on_value_change(on_page(keep))


def problem_of(value: float | None) -> str | None:
    """The error of a limit as it was typed; None if there is none."""
    if value == 0:
        return _("0 would refuse everything. Write a number from 1, or use the default.")
    if value is None or value != value // 1 or value < 0:
        return _("Write a whole number from 1.")
    if value > MAX_LIMIT:
        return _("Write {most:,} at most.").format(most=MAX_LIMIT)
    return None


def _limit(account: Account, save: Save, *, field: str, name: str, explanation: str) -> None:
    default = int(getattr(account, f"default_{field}"))
    with div("limit"):
        with div("limit-words"):
            text(name, "strong")
            p(explanation, "muted small")
            state = p("", "muted small num")
        number = ui.number(name, value=getattr(account, field), format="%d").classes("limit-field")
        with div("cluster"):

            async def keep(value: int) -> None:
                changed = await save_from(number, lambda: save(**{field: value}))
                if changed is not None:
                    say(changed)

            async def typed() -> None:
                number.error = problem_of(number.value)
                if number.error:
                    return
                await keep(int(number.value))

            number.on("keydown.enter", on_page(typed))
            secondary(_("Save"), typed).props["aria-label"] = _("Save {name}").format(name=name)
            reset = quiet(_("Use default"), lambda: keep(0))
            reset.props["aria-label"] = _("Use default of {name}").format(name=name)

        def say(now: Account) -> None:
            present = int(getattr(now, field))
            number.value = present
            is_default = present == default
            words = (
                _("Server's default: {default:,} (in effect)")
                if is_default
                else _("Server's default: {default:,} · now: {present:,}")
            )
            state.text = words.format(default=default, present=present)
            reset.set_visibility(not is_default)

        say(account)
