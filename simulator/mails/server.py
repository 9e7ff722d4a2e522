"""The SMTP server of the mail sink. Without TLS and sign-in, because it is for this machine only."""

import asyncio
import logging
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope

from simulator.mails.sink import MailSink
from simulator.sockets import bind

MAX_MAIL = 512 * 1024
IDLE_SECONDS = 60.0
IDENT = "ActivitySmith simulator"

# At level INFO it logs every command, with addresses.
logging.getLogger("mail.log").setLevel(logging.WARNING)


class MailServer:
    """Takes mails for any address, up to 512 kB each."""

    def __init__(self, sink: MailSink) -> None:
        self._sink = sink
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listens; returns the port. Raises OSError if it cannot."""
        listener = bind(host, port)
        self._server = await asyncio.get_running_loop().create_server(self._session, sock=listener)
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def stop(self) -> None:
        """Stops listening. Senders repeat the mails on their way."""
        if self._server is not None:
            self._server.close()

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Stores a complete mail."""
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        self._sink.take(envelope.mail_from or "", list(envelope.rcpt_tos), content)
        return "250 OK"

    def _session(self) -> SMTP:
        return SMTP(self, data_size_limit=MAX_MAIL, enable_SMTPUTF8=True, hostname="localhost", ident=IDENT,
                    timeout=IDLE_SECONDS, loop=asyncio.get_running_loop())  # fmt: skip
