"""Mails leave as they were written, whatever mail servers do, and cost no more time than they may."""

import asyncio
import ssl
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from email import message_from_bytes
from email.headerregistry import Address
from email.policy import default
from pathlib import Path
from typing import Any

import grpc
import pytest
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from smith.delivery.v1.mail_pb2 import Mail, MailResult, MailResultKind
from smith.delivery.v1.mail_service_pb2 import SendMailRequest

from delivery_service.mail.message import Unsendable, compose
from delivery_service.settings import DeliverySettings
from simulator.mails.server import MailServer
from simulator.mails.sink import MailSink
from tests.delivery.conftest import Start
from tests.delivery.harness import Apns, Service, refusing_port
from tests.waiting import LONG

pytestmark = pytest.mark.slow

SENT = MailResultKind.MAIL_RESULT_KIND_SENT
RETRY = MailResultKind.MAIL_RESULT_KIND_RETRY
REJECTED = MailResultKind.MAIL_RESULT_KIND_REJECTED
NOT_CONFIGURED = MailResultKind.MAIL_RESULT_KIND_NOT_CONFIGURED

Speak = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
PASSWORD = "opensesame"


def smtp(port: int, **more: str) -> dict[str, str]:
    """Settings for a mail server on this machine."""
    return {
        "SMITH_SMTP_HOST": "localhost",
        "SMITH_SMTP_PORT": str(port),
        "SMITH_SMTP_TLS": "none",
        "SMITH_SMTP_FROM": "Smith <smith@team.test>",
        "SMITH_SMTP_TIMEOUT": "30",
        **more,
    }


async def send(service: Service, **fields: Any) -> MailResult:
    """The result of one attempt."""
    good = {"to": "ann@team.test", "subject": "Hello", "text": "Hi\n", "html": "<p>Hi</p>", "id": str(uuid.uuid4())}
    request = SendMailRequest(mail=Mail(**(good | fields)))
    result: MailResult = (await service.mails.SendMail(request, timeout=LONG)).result
    return result


@asynccontextmanager
async def says(*replies: str, greeting: str = "220 mail.test ESMTP", quits_after: int = 99) -> AsyncIterator[int]:
    """A mail server that answers with these, one after the other, and then with 250; yields its port."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"{greeting}\r\n".encode())
        left, in_data, answered = list(replies), False, 0
        while line := await reader.readline():
            if in_data and line != b".\r\n":
                continue
            if answered == quits_after:
                break
            answered += 1
            reply = left.pop(0) if left else "250 OK"
            in_data = line.startswith(b"DATA") and reply.startswith("354")
            writer.write(f"{reply}\r\n".encode())
        writer.close()

    async with listening(speak) as port:
        yield port


@asynccontextmanager
async def listening(speak: Speak, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    server = await asyncio.start_server(speak, "localhost", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@pytest.fixture
async def sink() -> AsyncIterator[tuple[MailSink, int]]:
    """A mail box and the port of its server."""
    box = MailSink()
    server = MailServer(box)
    yield box, await server.start("127.0.0.1", 0)
    await server.stop()


async def test_a_mail_arrives_as_it_was_written(start: Start, sink: tuple[MailSink, int]) -> None:
    box, port = sink
    async with start(**smtp(port)) as service:
        for _ in range(2):
            result = await send(
                service, id="the-same", subject="Grüße 🎉", text="Für Änne\n", html="<p>Änne &amp; co</p>"
            )
            assert (result.kind, result.reason, result.message) == (SENT, "", "")
    first, second = box.mails(None, 10)
    assert (first.sender, first.recipients) == ("smith@team.test", ["ann@team.test"])
    assert (first.subject, first.text, first.html) == ("Grüße 🎉", "Für Änne\n", "<p>Änne &amp; co</p>\n")
    assert (first.headers["From"], first.headers["To"]) == ("Smith <smith@team.test>", "ann@team.test")
    assert first.headers["Message-ID"] == second.headers["Message-ID"] == "<the-same@team.test>"
    assert first.headers["Auto-Submitted"] == "auto-generated"
    assert first.headers["Date"]


async def test_without_a_mail_server_nothing_is_sent(service: Service) -> None:
    result = await send(service)
    assert (result.kind, result.reason) == (NOT_CONFIGURED, "NotConfigured")


OK = "250 OK"
DATA = (OK, OK, OK, "354 go on")


@pytest.mark.parametrize(
    ("script", "kind", "reason", "code"),
    [
        ({"greeting": "554 go away"}, RETRY, "GreetingRefused", 554),
        ({"replies": ["502 what", "502 what"]}, RETRY, "GreetingRefused", 502),
        ({"replies": [OK, "553 not you"]}, RETRY, "SenderRefused", 553),
        ({"replies": [OK, "451 not now"]}, RETRY, "SenderRefused", 451),
        ({"replies": [OK, OK, "550 no such person"]}, REJECTED, "RecipientRefused", 550),
        ({"replies": [OK, OK, "450 greylisted"]}, RETRY, "RecipientRefused", 450),
        ({"replies": [OK, OK, OK, "554 no data"]}, REJECTED, "MailRefused", 554),
        ({"replies": [*DATA, "550 spam"]}, REJECTED, "MailRefused", 550),
        ({"replies": [*DATA, "452 full"]}, RETRY, "MailRefused", 452),
        ({"quits_after": 1}, RETRY, "ConnectionBroken", 0),
        # It is not known whether the mail was taken.
        ({"replies": DATA, "quits_after": 4}, RETRY, "ConnectionBroken", 0),
    ],
)
async def test_what_follows_from_what_a_mail_server_says(
    start: Start, script: dict[str, Any], kind: int, reason: str, code: int
) -> None:
    replies = script.pop("replies", []) if (script := dict(script)) else []
    async with says(*replies, **script) as port, start(**smtp(port)) as service:
        result = await send(service)
    assert (result.kind, result.reason, result.smtp_code) == (kind, reason, code)
    assert result.message.endswith((".", "?"))
    if code:
        assert result.smtp_answer in (script.get("greeting", ""), *replies)[0 if "greeting" in script else -1]


async def test_a_mail_server_that_cannot_be_reached_or_says_nothing_is_tried_again(start: Start) -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with listening(say_nothing) as port, start(**smtp(port, SMITH_SMTP_TIMEOUT="1")) as service:
        result = await send(service)
        assert (result.kind, result.reason) == (RETRY, "Timeout")
        assert 900 < result.latency_ms < 25_000
    with refusing_port() as closed:
        async with start(**smtp(closed)) as service:
            result = await send(service)
    assert (result.kind, result.reason) == (RETRY, "ConnectFailed")
    async with start(**smtp(25, SMITH_SMTP_HOST="nowhere.invalid")) as service:
        assert (await send(service)).reason in ("ConnectFailed", "Timeout")


async def test_a_server_that_says_much_does_not_fill_the_answer(start: Start) -> None:
    async with says(OK, OK, "550 " + "no \x07" * 120) as port, start(**smtp(port)) as service:
        result = await send(service)
    assert len(result.smtp_answer) <= 500
    assert result.smtp_answer.isprintable()


def tls_of(apns: Apns) -> ssl.SSLContext:
    """A certificate for `localhost`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(apns.process.folder / "server.pem", apns.process.folder / "server.key")
    return context


@asynccontextmanager
async def demanding(apns: Apns, box: MailSink, *, starttls: bool) -> AsyncIterator[int]:
    """A mail server that wants TLS and a password; yields its port."""

    def allows(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"smith", PASSWORD.encode())
        return AuthResult(success=right, handled=False)

    def protocol() -> SMTP:
        return SMTP(
            MailServer(box), auth_required=True, authenticator=allows, auth_require_tls=starttls,
            tls_context=tls_of(apns) if starttls else None, require_starttls=starttls,
        )  # fmt: skip

    server = await asyncio.get_running_loop().create_server(
        protocol, "localhost", 0, ssl=None if starttls else tls_of(apns)
    )
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_it_signs_in_over_tls(start: Start, apns: Apns, tls: str, tmp_path: Path) -> None:
    box, file = MailSink(), tmp_path / "password"
    trusted = {"SMITH_SMTP_TLS": tls, "SMITH_SMTP_CA_FILE": str(apns.process.folder / "ca.pem")}
    file.write_text(f"{PASSWORD}\n")
    known = {"SMITH_SMTP_USER": "smith", "SMITH_SMTP_PASSWORD_FILE": str(file)}
    async with demanding(apns, box, starttls=tls == "starttls") as port:
        async with start(**smtp(port, **trusted, **known)) as service:
            assert (await send(service)).kind == SENT
        file.write_text("a wrong password")
        async with start(**smtp(port, **trusted, **known)) as service:
            result = await send(service)
        assert (result.kind, result.reason, result.smtp_code) == (RETRY, "AuthenticationFailed", 535)
        async with start(**smtp(port, SMITH_SMTP_TLS=tls, SMITH_SMTP_CA_FILE="")) as service:
            result = await send(service)
        assert (result.kind, result.reason) == (RETRY, "TlsFailed"), "the certificate is not trusted"
    assert len(box.mails(None, 10)) == 1


async def test_nothing_is_sent_in_the_clear_if_encryption_is_asked_for(
    start: Start, sink: tuple[MailSink, int]
) -> None:
    box, port = sink
    for tls in ("starttls", "tls"):
        async with start(**smtp(port, SMITH_SMTP_TLS=tls)) as service:
            result = await send(service)
            assert (result.kind, result.reason) == (RETRY, "TlsFailed")
    assert not box.mails(None, 10)


@pytest.mark.parametrize(
    "fields",
    [
        {"to": "ann@team.test\r\nRCPT TO:<eve@team.test>"},
        {"to": "ann@team.test, eve@team.test"},
        {"to": "Ann <ann@team.test>"},
        {"to": "ann@team.test> SIZE=1"},
        {"to": ""},
        {"subject": "Hello\r\nBcc: eve@team.test"},
        {"subject": "Hello\nBcc: eve@team.test"},
        {"subject": "x" * 251},
        {"id": "x>\r\nBcc: eve@team.test"},
        {"text": "x" * 100_001},
    ],
)
async def test_nothing_slips_in_another_address_or_header(
    start: Start, sink: tuple[MailSink, int], fields: dict[str, str]
) -> None:
    box, port = sink
    async with start(**smtp(port)) as service:
        result = await send(service, **fields)
    assert (result.kind, result.reason) == (REJECTED, "Unsendable")
    assert not box.mails(None, 10)


async def test_a_body_that_looks_like_the_end_of_a_mail_is_not(start: Start, sink: tuple[MailSink, int]) -> None:
    box, port = sink
    text = "one\n.\nMAIL FROM:<eve@team.test>\n..two\n"
    async with start(**smtp(port)) as service:
        assert (await send(service, text=text)).kind == SENT
    [mail] = box.mails(None, 10)
    assert mail.text == text


async def test_one_more_than_may_be_sent_at_once_is_refused(start: Start) -> None:
    began, go_on = asyncio.Event(), asyncio.Event()

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        began.set()
        await go_on.wait()
        writer.close()

    async with listening(hold) as port, start(**smtp(port, SMITH_SMTP_MAX_IN_PROGRESS="1")) as service:
        first = asyncio.create_task(send(service))
        await began.wait()
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await send(service)
        assert refused.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        go_on.set()
        assert (await first).kind == RETRY


@pytest.mark.parametrize(
    ("settings", "rule"),
    [
        ({"smtp_from": None}, "SMITH_SMTP_FROM is required"),
        ({"smtp_from": "nobody"}, "SMITH_SMTP_FROM must be an e-mail address"),
        ({"smtp_from": "a@b.test\nBcc: c@d.test"}, "SMITH_SMTP_FROM must be one line"),
        ({"smtp_user": "smith"}, "belong together"),
        ({"smtp_password": "x"}, "belong together"),
        ({"smtp_user": "smith", "smtp_password": "x", "smtp_tls": "none"}, "in the clear"),
        ({"smtp_password_file": "/nowhere"}, "SMITH_SMTP_PASSWORD_FILE=/nowhere"),
        ({"smtp_port": 0}, "greater than or equal to 1"),
    ],
)
def test_settings_that_do_not_fit_together_are_refused(settings: dict[str, Any], rule: str) -> None:
    good = {"smtp_host": "mail.test", "smtp_from": "smith@team.test"}
    with pytest.raises(ValidationError, match=rule):
        DeliverySettings(**(good | settings))


def test_the_port_follows_from_the_encryption() -> None:
    good: dict[str, Any] = {"smtp_host": "mail.test", "smtp_from": "smith@team.test"}
    ports = {tls: DeliverySettings(smtp_tls=tls, **good).resolved_smtp_port for tls in ("starttls", "tls", "none")}
    assert ports == {"starttls": 587, "tls": 465, "none": 25}
    assert DeliverySettings(smtp_port=2525, **good).resolved_smtp_port == 2525


INJECTION = "=?utf-8?q?=0D=0AContent-Type:_text/html=0D=0A=0D=0A<a_href=3Dhttp://evil.test>Sign_in<!--?="
"""A name as an owner may give it: a word of RFC 2047 with line breaks in it."""
HEADERS = {
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
}  # fmt: skip


@pytest.mark.parametrize(
    "subject",
    [
        INJECTION,
        f"{INJECTION} invites you to Acme",
        "=?utf-8?q?=0D=0AReply-To:_evil@evil.test?= invites you",
        "=?utf-8?b?DQpCY2M6IGE=?=",
        "a =?x?= b =? c",
        "می\u200cخواهم 👨\u200d👩\u200d👧",
        "x" * 250,
        "one, two; three: " * 14 + "end",
        "Grüße 🎉 " * 20 + "end",
    ],
)
async def test_a_subject_reads_as_it_was_asked_for_and_becomes_no_header(
    start: Start, sink: tuple[MailSink, int], subject: str
) -> None:
    box, port = sink
    async with start(**smtp(port)) as service:
        assert (await send(service, subject=subject)).kind == SENT
    [mail] = box.mails(None, 10)
    assert mail.subject == subject
    assert set(mail.headers) == HEADERS
    assert (mail.text, mail.html) == ("Hi\n", "<p>Hi</p>\n")


async def test_an_address_becomes_no_header(start: Start, sink: tuple[MailSink, int]) -> None:
    box, port = sink
    address = "=?utf-8?q?=0D=0ABcc=3A_a?=@team.test"
    async with start(**smtp(port)) as service:
        result = await send(service, to=address)
    assert (result.kind, result.reason) == (REJECTED, "Unsendable")
    assert not box.mails(None, 10)


LINE = st.text(
    st.one_of(
        st.sampled_from("=?_ \u200d\u202e:;,\"'<>()@äß漢🎉Bbqu8-0DA"),
        st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]),
    ),
    max_size=250,
)


@given(LINE, st.integers(0, 4))
def test_whatever_one_line_says_is_what_its_header_says(line: str, words: int) -> None:
    subject = (INJECTION[: words * 20] + line)[:250]
    mail = Mail(id="x", to="ann@team.test", subject=subject, text="Hi", html="<p>Hi</p>")
    try:
        written = compose(mail, Address("Smith", "smith", "team.test")).as_bytes()
    except Unsendable:
        # What no header can say is refused, and never said otherwise.
        assert subject != subject.strip() or not subject.isprintable()
        return
    read = message_from_bytes(written, policy=default)
    assert str(read["Subject"]) == subject
    assert set(read.keys()) == HEADERS


@pytest.mark.parametrize("offers", [True, False])
async def test_an_address_beyond_ascii_is_sent_if_the_mail_server_takes_such_and_else_fails_for_good(
    start: Start, sink: tuple[MailSink, int], offers: bool
) -> None:
    box, port = sink
    async with AsyncExitStack() as stack:
        if not offers:
            port = await stack.enter_async_context(says("250 mail.test"))
        service = await stack.enter_async_context(start(**smtp(port)))
        result = await send(service, to="üser@bücher.test")
    if offers:
        assert (result.kind, result.reason) == (SENT, "")
        [mail] = box.mails(None, 10)
        assert mail.recipients == ["üser@xn--bcher-kva.test"]
        assert mail.headers["To"] == "üser@xn--bcher-kva.test"
        assert (mail.subject, mail.text) == ("Hello", "Hi\n")
    else:
        assert (result.kind, result.reason) == (REJECTED, "NotSupported")
        assert "SMTPUTF8" in result.message
