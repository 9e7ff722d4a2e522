"""The simulator's mail sink: what is mailed to it can be read, and it does not grow."""

import smtplib
from email.message import EmailMessage

import pytest

from simulator.mails.sink import MAX_BYTES, MAX_MAILS, MailSink
from tests.simulator.process import SimulatorProcess


def a_mail(to: str, subject: str = "Hello") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Smith <smith@team.test>", to, subject
    message.set_content("plain\n")
    message.add_alternative("<p>rich</p>\n", subtype="html")
    return message


def test_mails_are_shown_by_address_until_they_are_cleared(simulator: SimulatorProcess) -> None:
    with smtplib.SMTP(*simulator.mail_address) as smtp:
        smtp.send_message(a_mail("ann@team.test", "Grüße"))
        smtp.send_message(a_mail("bob@team.test"))
    shown = simulator.http.get("/mails").json()["mails"]
    assert [mail["recipients"] for mail in shown] == [["ann@team.test"], ["bob@team.test"]]
    [mail] = simulator.http.get("/mails", params={"to": "Ann@team.test"}).json()["mails"]
    assert (mail["sender"], mail["subject"]) == ("smith@team.test", "Grüße")
    assert (mail["text"], mail["html"]) == ("plain\n", "<p>rich</p>\n")
    assert simulator.http.get("/mails", params={"limit": "0"}).status_code == 400
    assert simulator.http.delete("/mails").status_code == 200
    assert simulator.http.get("/mails").json() == {"mails": []}


def test_what_is_no_mail_is_taken_all_the_same_and_what_is_too_large_is_not(simulator: SimulatorProcess) -> None:
    with smtplib.SMTP(*simulator.mail_address) as smtp:
        smtp.sendmail(
            "a@b.test", ["odd@team.test"], b"\xff\xfe\x00 no header\r\nContent-Type: text/plain; charset=nope"
        )
        with pytest.raises(smtplib.SMTPResponseException):
            smtp.sendmail("a@b.test", ["odd@team.test"], b"x" * 80 + b"\r\n" + (b"y" * 80 + b"\r\n") * 7000)
    [mail] = simulator.http.get("/mails", params={"to": "odd@team.test"}).json()["mails"]
    assert mail["subject"] == ""
    simulator.http.delete("/mails")


def test_it_keeps_the_newest_within_bounds() -> None:
    sink = MailSink()
    for number in range(MAX_MAILS + 5):
        sink.take("a@b.test", [f"{number}@team.test"], b"Subject: x\r\n\r\n")
    assert len(sink.mails(None, 5000)) == MAX_MAILS
    assert sink.mails("4@team.test", 10) == []
    for _ in range(3):
        sink.take("a@b.test", ["big@team.test"], b"x" * (MAX_BYTES // 2))
    assert len(sink.mails(None, 5000)) == 2
