"""Plain forms: what they send, and what is wrong with it, each fault at its field."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from starlette.exceptions import HTTPException
from starlette.requests import Request

from admin_ui.core import AWAY, Refused
from admin_ui.texts import _, ngettext

FORM_TYPE = "application/x-www-form-urlencoded"
MAX_FIELDS = 20
NAME_LENGTH = 100
MIN_PASSWORD_LENGTH, PASSWORD_LENGTH = 10, 200
EMAIL_LENGTH = 254
TOO_EASY = _("This is easy to guess. Use three or four words that have nothing to do with each other, or with you.")


@dataclass
class Faults:
    """The errors of a form, in the words of the form."""

    fields: dict[str, str] = field(default_factory=dict)
    """By the field's name."""
    form: str = ""
    """The error that is not about one field."""
    status: int = 400
    wait: int | None = None
    """Seconds after which trying again makes sense."""

    def __bool__(self) -> bool:
        return bool(self.fields or self.form)

    @property
    def headers(self) -> Mapping[str, str]:
        """HTTP headers that go with the errors."""
        return {"retry-after": str(self.wait)} if self.wait else {}


async def read_form(request: Request, names: Iterable[str]) -> dict[str, str]:
    """The named fields of a form, each empty if it was not sent. The guard has limited the body's size.

    Raises HTTPException for a body that no form of this app sends.
    """
    kind = request.headers.get("content-type", FORM_TYPE).partition(";")[0].strip().lower()
    if kind != FORM_TYPE:
        raise HTTPException(415, f"This takes {FORM_TYPE}.")
    try:
        sent = parse_qs(
            (await request.body()).decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MAX_FIELDS
        )
    except ValueError:
        raise HTTPException(400, f"This takes {MAX_FIELDS} fields at most.") from None
    return {name: sent.get(name, [""])[-1] for name in names}


def check_name(faults: Faults, name: str, value: str, missing: str) -> None:
    """Adds an error if the name is wrong; `missing` is what is said of an empty one."""
    if not value.strip():
        faults.fields[name] = missing
    elif len(value.strip()) > NAME_LENGTH:
        faults.fields[name] = _("This has {count} characters. {most} is the most.").format(
            count=len(value.strip()), most=NAME_LENGTH
        )
    elif "\x00" in value:
        faults.fields[name] = _("This has a character that cannot be stored.")


def check_new_password(faults: Faults, value: str, name: str = "password") -> None:
    """Adds an error if the new password is too short or too long."""
    if len(value) < MIN_PASSWORD_LENGTH:
        faults.fields[name] = _("Choose a password of {least} characters or more.").format(least=MIN_PASSWORD_LENGTH)
    elif len(value) > PASSWORD_LENGTH:
        faults.fields[name] = _("Choose a password of {most} characters at most.").format(most=PASSWORD_LENGTH)


def check_email(faults: Faults, value: str, name: str = "email") -> None:
    """Adds an error if the value is clearly not an e-mail address. Core checks the rest."""
    local, at, host = value.strip().rpartition("@")
    if not value.strip():
        faults.fields[name] = _("Enter an e-mail address.")
    elif not (at and local and host):
        faults.fields[name] = _("Enter a whole e-mail address, like ann@example.com.")
    elif len(value.strip()) > EMAIL_LENGTH:
        faults.fields[name] = _("An e-mail address has {most} characters at most.").format(most=EMAIL_LENGTH)


def faults_of(refusal: Refused, sentences: Mapping[str, str], forbidden: Mapping[str, str] | None = None) -> Faults:
    """The errors of a form that core has refused.

    `sentences` has the message for each field that core may find wrong. `forbidden` has, by the name of a field or `""`
    for the whole form, the message for a wrong secret.
    """
    if refusal.reason == "TOO_MANY_ATTEMPTS":
        wait = int(refusal.facts.get("retry_after_seconds", 60))
        return Faults(form=_again_in(wait), status=429, wait=wait)
    if refusal.reason in {"UNAUTHENTICATED", "FORBIDDEN"} and forbidden:
        return Faults(
            fields={name: words for name, words in forbidden.items() if name},
            form=forbidden.get("", ""),
            status=403,
        )
    if refusal.reason == "PASSWORD_TOO_EASY":
        return Faults(fields={refusal.field: TOO_EASY})
    if refusal.reason == "INVALID_REQUEST":
        if refusal.field in sentences:
            return Faults(fields={refusal.field: sentences[refusal.field]})
        return Faults(form=refusal.message)
    return Faults(form=refusal.message if refusal.reason else AWAY, status=503, wait=5)


def _again_in(seconds: int) -> str:
    minutes = max(1, -(-seconds // 60))
    return ngettext(
        "Too many attempts. Try again in a minute.", "Too many attempts. Try again in {count} minutes.", minutes
    ).format(count=minutes)
