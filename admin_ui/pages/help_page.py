"""The help page: how to go live, the documents, the API's reference, and the release."""

from importlib.metadata import version

from nicegui import ui

from admin_ui.components.html import code, div, p, text
from admin_ui.components.layout import card, fact, facts, page_header
from admin_ui.site import Site, api_reference
from admin_ui.texts import _
from admin_ui.theme import DISTRIBUTION
from admin_ui.visit import Visit
from service_kit.reach import doubts_for_browsers, unreachable_for_browsers

PATH = "/help"
DOCUMENTS = (
    ("docs/quick-start.md", _("ten minutes from nothing to a moving Live Activity")),
    ("docs/concepts.md", _("the words, and what is promised")),
    ("docs/rest.md", _("the REST API: endpoints, errors, headers")),
    ("docs/sdks.md", _("the official SDKs with this server")),
    ("docs/web-push.md", _("any browser as a phone: addresses, what differs on an iPhone")),
    ("docs/ios.md", _("the iPhone app: build it, sign it, bring it to your team")),
    ("docs/device-protocol.md", _("for authors of other apps: calls, pushes, cards")),
    ("docs/production.md", _("going live: Apple's key, names and certificates, replicas")),
    ("docs/operating.md", _("every setting, backup, security")),
    ("docs/troubleshooting.md", _("something does not arrive")),
)


def create(site: Site) -> None:
    """Registers `/help`."""

    @site.page(PATH, title=_("Help"))
    async def help_page(visit: Visit) -> None:
        with page_header(_("Help"), _("How to go live, and where to read more.")):
            pass
        _going_live(visit)
        with (
            card(
                _("Documentation"),
                _("These documents belong to this release. They are in its source code; start with README.md."),
            ),
            facts(),
        ):
            for path, about in DOCUMENTS:
                with fact(about[0].upper() + about[1:]):
                    code(path)
        with card(_("This server")), facts():
            with fact(_("Release"), f"{DISTRIBUTION} {version(DISTRIBUTION)}"):
                pass
            with fact(_("API reference")):
                _outside(_("Every call, to try out"), api_reference(visit.settings))


def _going_live(visit: Visit) -> None:
    server, where = visit.settings.gateway_url, visit.destinations
    doubt = unreachable_for_browsers(server) or doubts_for_browsers(server)
    about = _("What you need to reach real phones with pushes, and real mailboxes with invites.")
    with card(_("Going live"), about), ui.element("ol").classes("going-live").props("id=going-live"):
        _step(
            _("An address that phones reach"),
            doubt or _("Phones and browsers get {server}.").format(server=server),
            is_done=not doubt,
        )
        _step(
            _("A phone or a browser"),
            _("Under Devices, pair any browser: it needs no app and no Apple account."),
            is_done=None,
        )
        _step(
            _("For an app on the iPhone: the app"),
            _("Build Smith with Xcode, and sign it with your team at Apple: docs/ios.md says how."),
            is_done=None,
        )
        _step(
            _("For an app on the iPhone: a key from Apple"),
            _(
                "Set SMITH_APNS_KEY_FILE, SMITH_APNS_KEY_ID, SMITH_APNS_TEAM_ID and SMITH_APNS_TOPIC, and start the "
                "server again: the simulator stays off then. Settings checks them."
            ),
            is_done=not where.pushes_are_simulated if where.pushes else None,
        )
        _step(
            _("A mail server"),
            _("Set SMITH_SMTP_HOST and SMITH_SMTP_FROM. Until then copy the links of invites and pass them on."),
            is_done=not where.mails_are_simulated and where.mails > 1 if where.mails else None,
        )
        _step(
            _("A check of everything"),
            _("Run smith doctor on the server: it names what is missing."),
            is_done=None,
        )


def _step(name: str, about: str, *, is_done: bool | None) -> None:
    """`is_done` is None if this page cannot know it."""
    with ui.element("li"):
        with div("cluster"):
            text(name, "strong")
            if is_done is not None:
                text(_("Done") if is_done else _("To do"), f"badge badge-{'good' if is_done else 'warn'}")
        p(about, "muted")


def _outside(name: str, url: str) -> None:
    link = text(name, "link", "a")
    link.props["href"] = url
