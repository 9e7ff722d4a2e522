"""How mails look: one style for all."""

import uuid
from dataclasses import dataclass
from html import escape

from core_service.mail.port import Mail

HTML = """<!doctype html>
<html lang="en"><body style="margin:0;padding:24px;background:#f6f7f9;font-family:-apple-system,'Segoe UI',Roboto,\
Helvetica,Arial,sans-serif;color:#1c2024">
<div style="max-width:480px;margin:0 auto;padding:32px;background:#ffffff;border:1px solid #e3e5e9;border-radius:12px">
<h1 style="margin:0 0 16px;font-size:20px;line-height:28px">{heading}</h1>
<p style="margin:0 0 24px;font-size:15px;line-height:24px">{lead}</p>
<p style="margin:0 0 24px"><a href="{url}" style="display:inline-block;padding:10px 18px;border-radius:8px;\
background:#1c2024;color:#ffffff;font-size:15px;text-decoration:none">{action}</a></p>
<p style="margin:0 0 8px;font-size:13px;line-height:20px;color:#60646c">{about}If the button does not work, open this \
address:</p>
<p style="margin:0 0 24px;font-size:13px;line-height:20px;word-break:break-all"><a href="{url}" \
style="color:#60646c">{url}</a></p>
<p style="margin:0;font-size:13px;line-height:20px;color:#60646c">{note}</p>
</div></body></html>
"""

JOINERS = "\u200c\u200d"
"""Persian text and many emoji need these characters: they join letters."""


@dataclass(frozen=True, slots=True)
class MailMessage:
    """The text of a mail."""

    subject: str
    text: str
    html: str

    def to(self, email: str, mail_id: uuid.UUID) -> Mail:
        """The mail that brings it."""
        return Mail(str(mail_id), email, self.subject, self.text, self.html)


def write(*, subject: str, heading: str, lead: str, action: str, url: str, about: str, note: str) -> MailMessage:
    """Writes a mail with one link. `about` says how long the link works; empty for one that always does. Any of it
    may be text that people typed; none of it can become HTML."""
    parts = [lead, f"{action}:", url, about, note]
    words = {"heading": heading, "lead": lead, "action": action, "url": url, "note": note}
    words["about"] = f"{about} " if about else ""
    return MailMessage(
        subject=subject,
        text="\n\n".join(part for part in parts if part) + "\n",
        html=HTML.format(**{name: escape(word) for name, word in words.items()}),
    )


def one_line(text: str) -> str:
    """The text without line breaks and other characters that are not printed."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable() or letter in JOINERS)
