"""What the page shows of a demo: what is seen and why, and how far it is; and a page of its own without a simulator."""

import nicegui
from nicegui import background_tasks, ui

from admin_ui.components.buttons import link_button, primary, quiet
from admin_ui.components.html import div, labelled, p, text
from admin_ui.components.layout import card, page_header
from admin_ui.phones.demo_in_page import PagePhone
from admin_ui.phones.demo_script import EXPLAINED, Scene, perform
from admin_ui.texts import _

WATCH = _("Watch the demo")
DRAWN = _(
    "Phones are drawn from Apple's documents and from knowledge of iOS. They were not compared with a real iPhone side "
    "by side, so expect differences in detail. StandBy and the Apple Watch are left out."
)


def bring_into_view(phone: ui.element) -> None:
    """Has the browser scroll to the phone, below the words where these are above it."""
    block = "innerWidth < 1100 ? 'start' : 'nearest'"
    find = f"getHtmlElement({phone.id})?.querySelector('.iphone')"
    phone.client.run_javascript(f"{find}?.scrollIntoView({{ block: {block} }})")


class Caption:
    """The words above the phones while a demo is played."""

    def __init__(self) -> None:
        with div("demo-caption").props("role=status") as self._element:
            with div("spread"):
                self._title = text("", "demo-caption-title", "h2")
                self._count = text("", "small num")
            self._words = p("", "demo-caption-words")
            self._bar = labelled(ui.linear_progress(0.0, show_value=False, color=None), _("Demo"))
            self._links = div("cluster")
            with self._links:
                link_button(_("Compose your own"), "/playground")
                quiet(_("Close"), lambda: self._element.set_visibility(False))
        self._element.set_visibility(False)

    def begin(self, words: str) -> None:
        """Shows that the demo is about to begin."""
        self._say(_("The demo begins"), words, 0)

    def show(self, scene: Scene) -> None:
        """Explains a scene."""
        self._say(scene.title, scene.words, EXPLAINED.index(scene) + 1)

    def end(self, words: str) -> None:
        """Says that it is over."""
        self._say(_("That was the demo"), words, len(EXPLAINED))
        self._count.text = ""
        self._links.set_visibility(True)

    def _say(self, title: str, words: str, number: int) -> None:
        if self._element.is_deleted:
            return
        self._element.set_visibility(True)
        self._links.set_visibility(False)
        self._title.text, self._words.text = title, words
        self._count.text = _("{number} of {count}").format(number=number, count=len(EXPLAINED)) if number else ""
        self._bar.value = number / len(EXPLAINED)


class DemoInPage:
    """The page where no simulated phone could be reached: one drawn phone, and the demo. Nothing is sent."""

    def __init__(self, reason: str) -> None:
        """`reason`: why it is played here alone, in a sentence."""
        self._reason = reason

    def draw(self) -> None:
        """Draws the page."""
        with page_header(_("Lock screen"), _("What your messages look like on an iPhone.")):
            self._button = primary(WATCH, self._begin, icon="play_arrow")
        with div("lock-page"):
            self._caption = Caption()
            with div("lock-page-side"), card(_("Only in this page")):
                p(
                    _("{reason} The demo is played in this page: nothing is sent to any phone.").format(
                        reason=self._reason
                    )
                )
            with div("stack"):
                with div("iphones"), div("iphone-column") as self._column:
                    self._phone = PagePhone()
                p(DRAWN, "muted lock-note")

    def _begin(self) -> None:
        self._button.set_enabled(False)
        self._phone.clean()
        self._caption.begin(_("It takes about twenty seconds. Nothing is sent."))
        bring_into_view(self._column)
        client = ui.context.client
        task = background_tasks.create(self._play(), name="a demo in a page")
        client.on_delete(task.cancel)

    async def _play(self) -> None:
        with self._button.client:
            try:
                await perform(self._phone, self._caption.show)
                self._caption.end(
                    _("Nothing was sent. Compose a message of your own, and send it to a phone of yours.")
                )
            except Exception as error:
                nicegui.app.handle_exception(error)
            finally:
                self._phone.clean()
                self._button.set_enabled(True)
