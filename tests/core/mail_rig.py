"""A core with a delivery service that sends mails to a real SMTP server of the test's own."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from delivery_service.settings import DeliverySettings
from delivery_service.wiring import Delivery
from simulator.mails.server import MailServer
from simulator.mails.sink import KeptMail, MailSink
from tests.core.harness import Account, Core, start_core
from tests.waiting import eventually_async

LINK = re.compile(r"http://\S+/invite/(inv_[A-Za-z0-9_-]+)")


@dataclass
class MailBox(MailSink):
    """The mails that came; refuses what it is told to."""

    refusals: dict[str, str] = field(default_factory=dict)
    """By address: the SMTP reply to it."""

    def __post_init__(self) -> None:
        super().__init__()

    async def mail_to(self, address: str, count: int = 1) -> KeptMail:
        """The newest mail to the address, once so many have come."""

        async def come() -> list[KeptMail]:
            found = self.mails(address, 100)
            return found if len(found) >= count else []

        return (await eventually_async(f"{count} mails to {address}", come))[-1]


class RefusingServer(MailServer):
    """Refuses addresses as its mail box says."""

    def __init__(self, box: MailBox) -> None:
        super().__init__(box)
        self._box = box

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """An address is named."""
        refusal = self._box.refusals.get(address)
        if refusal is None:
            envelope.rcpt_tos.append(address)
        return refusal or "250 OK"


@dataclass(frozen=True)
class MailWorld:
    """A core and where its mails go."""

    core: Core
    box: MailBox


@asynccontextmanager
async def start_mail_world(
    database_url: str, *, of_core: dict[str, Any] | None = None, **smtp: Any
) -> AsyncIterator[MailWorld]:
    """The world; `of_core` are settings of core, `smtp` those of the delivery service."""
    box = MailBox()
    server = RefusingServer(box)
    port = await server.start("127.0.0.1", 0)
    settings = {
        "smtp_host": "127.0.0.1", "smtp_port": port, "smtp_tls": "none", "smtp_from": "Smith <smith@team.test>",
    }  # fmt: skip
    delivery = Delivery(DeliverySettings(delivery_port=0, drain_seconds=1, **(settings | smtp)))
    address = f"127.0.0.1:{await delivery.start()}"
    chosen = {"delivery_address": address, "admin_url": "http://admin.test/"} | (of_core or {})
    try:
        async with start_core(database_url, **chosen) as core:
            yield MailWorld(core, box)
    finally:
        await delivery.stop()
        await server.stop()


def token_in(mail: KeptMail) -> str:
    """The secret in the link of a mail, which must be the same in both of its forms."""
    [plain], [first, *others] = LINK.findall(mail.text), LINK.findall(mail.html)
    assert {first, *others} == {plain}
    return str(plain)


async def invite_of(account: Account, email: str, **wanted: Any) -> Any:
    """The account's invite for the address, once the mail of it is as wanted."""

    async def found() -> Any:
        invites = (await account.owner.ListInvites(page_size=1000)).invites
        [one] = [invite for invite in invites if invite.email == email]
        return one if all(getattr(one.mail, name) == value for name, value in wanted.items()) else None

    return await eventually_async(f"the mail to {email} is {wanted}", found)
