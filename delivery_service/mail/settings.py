"""The delivery service's settings of the mail server."""

from email.headerregistry import Address
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, SecretStr, model_validator

from service_kit import mail_addresses
from service_kit.addresses import is_loopback
from service_kit.settings import ServiceSettings, empty_is_unset

Tls = Literal["starttls", "tls", "none"]
PORTS: dict[Tls, int] = {"starttls": 587, "tls": 465, "none": 25}

OptionalText = Annotated[str | None, BeforeValidator(empty_is_unset)]
OptionalFile = Annotated[Path | None, BeforeValidator(empty_is_unset)]
OptionalSecret = Annotated[SecretStr | None, BeforeValidator(empty_is_unset)]
OptionalSmtpPort = Annotated[
    Annotated[int, Field(ge=1, le=65535)] | None, BeforeValidator(empty_is_unset)
]  # fmt: skip


class SmtpSettings(ServiceSettings):
    """The mail server. Without a host there is none, and no mails are sent."""

    smtp_host: OptionalText = None
    """Name or address of the mail server."""
    smtp_port: OptionalSmtpPort = None
    """Its port; by default 587 with `starttls`, 465 with `tls` and 25 with `none`."""
    smtp_tls: Tls = "starttls"
    """Encryption: `starttls` after a greeting in the clear, `tls` from the start, or `none`."""
    smtp_user: OptionalText = None
    """User name to sign in with, together with the password below."""
    smtp_password: OptionalSecret = None
    smtp_password_file: OptionalFile = None
    """A file with that password, instead of the variable."""
    smtp_from: OptionalText = None
    """Sender of the mails: an address, or `Name <address>`."""
    smtp_ca_file: OptionalFile = None
    """Certificates in PEM to trust besides the system's when mails are sent."""
    smtp_timeout: float = Field(default=15.0, gt=0, le=30)
    """Seconds for an attempt to send a mail: name resolution, connection, TLS, signing in and the mail together."""
    smtp_max_in_progress: int = Field(default=20, ge=1, le=1000)
    """Most mails that are sent at once; further ones are refused."""

    @model_validator(mode="before")
    @classmethod
    def _read_smtp_password_file(cls, values: dict[str, Any]) -> dict[str, Any]:
        path = values.get("smtp_password_file")
        if not path or values.get("smtp_password"):
            return values
        try:
            return values | {"smtp_password": Path(path).read_text().strip()}
        except OSError as error:
            raise ValueError(f"SMITH_SMTP_PASSWORD_FILE={path}: {error.strerror}") from error

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if self.smtp_host is None:
            return self
        if self.smtp_from is None:
            raise ValueError("SMITH_SMTP_FROM is required with SMITH_SMTP_HOST: who are the mails from?")
        _ = self.sender
        if (self.smtp_user is None) != (self.smtp_password is None):
            raise ValueError("SMITH_SMTP_USER and SMITH_SMTP_PASSWORD belong together")
        if self.smtp_user and self.smtp_tls == "none" and not is_loopback(self.smtp_host):
            raise ValueError("SMITH_SMTP_TLS=none would send the password in the clear: use starttls or tls")
        return self

    @property
    def sender(self) -> Address:
        """The sender of the mails. Raises ValueError."""
        text = self.smtp_from or ""
        name, address = parseaddr(text)
        if not text.isprintable():
            raise ValueError("SMITH_SMTP_FROM must be one line")
        try:
            checked = mail_addresses.checked(address)
        except ValueError as error:
            raise ValueError(f"SMITH_SMTP_FROM must be an e-mail address or `Name <address>`: {error}") from None
        if not checked.local_part.isascii():
            raise ValueError("SMITH_SMTP_FROM must have no other letters than ASCII before the @")
        return Address(display_name=name, addr_spec=checked.ascii_email or checked.normalized)

    @property
    def resolved_smtp_port(self) -> int:
        """The port in effect."""
        return self.smtp_port or PORTS[self.smtp_tls]
