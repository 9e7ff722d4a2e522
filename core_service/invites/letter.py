"""The mail that tells of an invite."""

import datetime as dt
from dataclasses import dataclass
from html import escape

HTML = """<!doctype html>
<html lang="en"><body style="margin:0;padding:24px;background:#f6f7f9;font-family:-apple-system,'Segoe UI',Roboto,\
Helvetica,Arial,sans-serif;color:#1c2024">
<div style="max-width:480px;margin:0 auto;padding:32px;background:#ffffff;border:1px solid #e3e5e9;border-radius:12px">
<h1 style="margin:0 0 16px;font-size:20px;line-height:28px">Join {account} on ActivitySmith</h1>
<p style="margin:0 0 24px;font-size:15px;line-height:24px">{inviter} invites you to {account}.</p>
<p style="margin:0 0 24px"><a href="{url}" style="display:inline-block;padding:10px 18px;border-radius:8px;\
background:#1c2024;color:#ffffff;font-size:15px;text-decoration:none">Accept the invite</a></p>
<p style="margin:0 0 8px;font-size:13px;line-height:20px;color:#60646c">The link works once, until {until}. If the \
button does not work, open this address:</p>
<p style="margin:0 0 24px;font-size:13px;line-height:20px;word-break:break-all"><a href="{url}" \
style="color:#60646c">{url}</a></p>
<p style="margin:0;font-size:13px;line-height:20px;color:#60646c">You do not know {inviter}? Then ignore this mail: \
nothing happens unless you accept.</p>
</div></body></html>
"""

TEXT = """{inviter} invites you to {account} on ActivitySmith.

Accept the invite:

{url}

The link works once, until {until}.

You do not know {inviter}? Then ignore this mail: nothing happens unless you accept.
"""


@dataclass(frozen=True, slots=True)
class Letter:
    """What the invited person reads."""

    subject: str
    text: str
    html: str


def write_letter(*, account: str, inviter: str, url: str, expires_at: dt.datetime) -> Letter:
    """The mail for one invite. Names are what people have typed: they cannot become headers or HTML."""
    account, inviter = one_line(account), one_line(inviter) or "Somebody"
    until = f"{expires_at.astimezone(dt.UTC):%d %B %Y, %H:%M} UTC"
    words = {"account": account, "inviter": inviter, "url": url, "until": until}
    return Letter(
        subject=f"{inviter} invites you to {account}",
        text=TEXT.format(**words),
        html=HTML.format(**{name: escape(word) for name, word in words.items()}),
    )


def one_line(text: str) -> str:
    """The text without line breaks and other characters that are not printed."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())
