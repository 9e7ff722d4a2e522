"""What the core can be told by its environment."""

import json
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit
from uuid import UUID

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, field_validator, model_validator

from service_kit.mail_addresses import checked
from service_kit.openid import IssuerUrl
from service_kit.settings import ServiceSettings, empty_is_unset
from service_kit.web_push import AllowedOrigins

MAX_ALERT_ADDRESSES = 10
LOCAL_ADMIN_URL = "http://127.0.0.1:8080"
UNNAMED = "single sign-on"
GROUPS_CLAIM = "groups"


def _or_local(url: object) -> object:
    """A variable that is set to nothing counts as left out."""
    return url or LOCAL_ADMIN_URL


def _or_unnamed(name: object) -> object:
    return name or UNNAMED


def _or_groups(claim: object) -> object:
    return claim or GROUPS_CLAIM


def _or_no(answer: object) -> object:
    return answer or False


def read_groups(listed: str) -> frozenset[str]:
    """The names in the list. Raises ValueError."""
    if not listed.lstrip().startswith("["):
        return frozenset(name.strip() for name in listed.split(",") if name.strip())
    try:
        names = json.loads(listed)
    except ValueError:
        names = None
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        raise ValueError('must be names separated by commas, or a JSON list like ["cn=ops,dc=example"]')
    return frozenset(names)


def _groups(listed: str) -> str:
    read_groups(listed)
    return listed


class DatabaseSettings(ServiceSettings):
    """What the commands for the schema need."""

    database_url: str = Field(pattern="^postgres(ql)?://")
    """PostgreSQL, 16 or newer."""


OptionalText = Annotated[str | None, BeforeValidator(empty_is_unset)]
Groups = Annotated[str, AfterValidator(_groups)]
"""Names of groups, separated by commas, or a JSON list if names contain commas."""


def _listed(told: str) -> list[str]:
    """What stands between the commas."""
    return [one.strip() for one in told.split(",") if one.strip()]


class SingleSignOnSettings(ServiceSettings):
    """Settings of single sign-on by OpenID Connect. Without an issuer there is none."""

    oidc_issuer: Annotated[IssuerUrl | None, BeforeValidator(empty_is_unset)] = None
    """The provider's address, exactly as it calls itself."""
    oidc_client_id: OptionalText = None
    oidc_client_secret: Annotated[SecretStr | None, BeforeValidator(empty_is_unset)] = None
    oidc_name: Annotated[str, Field(max_length=40), BeforeValidator(_or_unnamed)] = UNNAMED
    """What people call the provider: the button says "Continue with NAME"."""
    oidc_scopes: str = ""
    """Further scopes to ask for, separated by spaces."""
    oidc_groups_claim: Annotated[str, BeforeValidator(_or_groups)] = GROUPS_CLAIM
    """The claim with a person's groups; dots lead into objects."""
    oidc_owner_groups: Groups = ""
    """Groups whose people are owners."""
    oidc_member_groups: Groups = ""
    """Groups whose people are members. If neither setting names a group, roles stay as owners give them."""
    oidc_account: Annotated[UUID | None, BeforeValidator(empty_is_unset)] = None
    """The account that groups lead to. The server's only one by default."""
    oidc_only: Annotated[bool, BeforeValidator(_or_no)] = False
    """Only owners may sign in with a password."""
    oidc_trust_email: Annotated[bool, BeforeValidator(_or_no)] = False
    """Believe the provider's e-mail addresses also if it does not say whether they are verified."""
    oidc_ca_file: Annotated[Path | None, BeforeValidator(empty_is_unset)] = None
    """Certificates of authorities (PEM) to trust for the provider, besides those of the system."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.oidc_issuer is None:
            for name in ("client_id", "client_secret", "owner_groups", "member_groups", "account", "only"):
                if getattr(self, f"oidc_{name}"):
                    raise ValueError(f"SMITH_OIDC_{name.upper()} needs SMITH_OIDC_ISSUER, the provider's address")
        elif not self.oidc_client_id or self.oidc_client_secret is None:
            raise ValueError("SMITH_OIDC_ISSUER needs SMITH_OIDC_CLIENT_ID and SMITH_OIDC_CLIENT_SECRET")
        elif self.oidc_account and not (self.oidc_owner_groups or self.oidc_member_groups):
            raise ValueError("SMITH_OIDC_ACCOUNT needs SMITH_OIDC_OWNER_GROUPS or SMITH_OIDC_MEMBER_GROUPS")
        if self.oidc_ca_file is not None and not self.oidc_ca_file.is_file():
            raise ValueError(f"SMITH_OIDC_CA_FILE={self.oidc_ca_file}: there is no such file")
        return self


class AttentionSettings(ServiceSettings):
    """From when on something needs the operator's attention. 0 turns one off."""

    alert_queue_minutes: int = Field(default=5, ge=0, le=1440)
    """Work that has been due for this many minutes is late."""
    alert_disk_percent: int = Field(default=10, ge=0, le=90)
    """Less free space than this, on the disk of the data folder, is little."""
    alert_backup_days: int = Field(default=7, ge=0, le=3650)
    """A backup that is older than this is too old."""


class StatusSettings(DatabaseSettings, AttentionSettings):
    """What the command needs that says how the server runs."""


class CoreSettings(StatusSettings, SingleSignOnSettings):
    """Settings of the core service."""

    core_port: int = Field(default=50051, ge=0, le=65535)
    database_ready_file: Annotated[Path | None, BeforeValidator(empty_is_unset)] = None
    """A file that is there once the database can be used: `smith up` starts core while PostgreSQL starts, which would
    log each attempt to connect."""
    alert_mail_to: str = ""
    """Addresses, separated by commas, that are told what needs attention: when it begins, and when it is over."""
    alert_webhook_url: Annotated[
        Annotated[str, Field(max_length=2048, pattern=r"^https://[^\s/?#]+")] | None, BeforeValidator(empty_is_unset)
    ] = None
    """A URL that is told the same by a POST with JSON."""
    alert_push_to: str = ""
    """Addresses of owners, separated by commas, whose phones are told the same by a push notification."""
    redis_url: str | None = Field(default=None, pattern=r"^redis(s|\+unix)?://")
    """Shared rate limits for several cores; in process if not set."""
    delivery_address: str = "127.0.0.1:50052"
    admin_url: Annotated[str, Field(pattern=r"^https?://[^\s/?#@]+/?$"), BeforeValidator(_or_local)] = LOCAL_ADMIN_URL
    """Where people's browsers find the admin app; links in mails lead there."""
    rate_limit_per_minute: int = Field(default=60, ge=1, le=1_000_000)
    """Requests a minute of accounts without a setting of their own."""
    max_rate_limit_per_minute: int = Field(default=1_000_000, ge=1, le=1_000_000)
    """The most requests a minute that an account may have, whatever its owners choose."""
    administration_per_minute: int = Field(default=600, ge=1, le=1_000_000)
    """Calls of administration that one person may make in a minute, so that an audit log cannot be flooded. People and
    most scripts stay far below the default."""
    max_live_activities: int = Field(default=4, ge=1, le=10_000)
    """Live Activities at once of accounts without a setting of their own."""
    max_live_activities_per_device: int = Field(default=5, ge=1, le=10_000)
    """Live Activities at once on one phone, of all accounts. iOS starts no more than about five of an app."""
    live_activity_overflow: Literal["refuse", "end_oldest"] = "refuse"
    """What a start does for which a phone has no room: it is refused, or the oldest activity that would make some is
    ended."""
    broadcast_above_devices: int = Field(default=0, ge=0, le=1_000_000)
    """A Live Activity that starts on more iPhones than this, with iOS 18 or later and the same app, is updated by
    broadcast: one push for all of them. 0 for never."""
    live_activity_attributes_type: str = Field(default="ActivitySmithAttributes", pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    """Name of the app's Swift type that conforms to `ActivityAttributes`."""
    webpush_allow: AllowedOrigins = ""
    """Push services besides those of the browsers' makers; see `service_kit.web_push.parse_allowed`."""
    delivery_wait: float = Field(default=2.0, ge=0, le=30)
    """Seconds that an answer waits for outcomes."""
    notification_ttl_hours: float = Field(default=72, gt=0, le=720)
    """How long a notification is worth delivering: to retries here, and to APNs for a phone that is off. APNs keeps
    nothing beyond 30 days."""
    delivery_log_days: int = Field(default=30, ge=1, le=3650)
    """How long attempts are kept."""
    history_days: int = Field(default=30, ge=1, le=3650)
    """How long notifications, ended Live Activities, webhook calls and invites that have expired are kept."""
    audit_log_days: int = Field(default=365, ge=1, le=3650)
    """How long acts of administration are kept."""
    request_log_days: int = Field(default=30, ge=1, le=3650)
    """How long requests of the REST API are kept."""
    request_log_per_day: int = Field(default=100_000, ge=0, le=100_000_000)
    """Requests of an account that are kept of one day; more are counted only."""
    database_connections: int = Field(default=10, ge=2, le=100)
    """Connections for the hot paths; 8 more serve settlement and administration."""
    max_concurrent_requests: int = Field(default=1000, ge=1, le=100_000)

    setup_code: Annotated[Annotated[SecretStr, Field(min_length=16)] | None, BeforeValidator(empty_is_unset)] = None
    """With it, and only with it, the server's first account can be made in the admin app."""

    @property
    def alert_addresses(self) -> list[str]:
        """The addresses of `alert_mail_to`."""
        return _listed(self.alert_mail_to)

    @property
    def alert_people(self) -> list[str]:
        """The addresses of `alert_push_to`, in lower case, as those of logins are."""
        return [one.lower() for one in _listed(self.alert_push_to)]

    @field_validator("alert_mail_to", "alert_push_to")
    @classmethod
    def _names_addresses(cls, told: str) -> str:
        addresses = _listed(told)
        if len(addresses) > MAX_ALERT_ADDRESSES:
            raise ValueError(f"must name at most {MAX_ALERT_ADDRESSES} addresses")
        for address in addresses:
            try:
                checked(address)
            except ValueError as error:
                raise ValueError(f"{address} is no e-mail address: {error}") from None
        return told

    @model_validator(mode="after")
    def _default_is_allowed(self) -> Self:
        if self.rate_limit_per_minute > self.max_rate_limit_per_minute:
            raise ValueError("SMITH_RATE_LIMIT_PER_MINUTE must not be above SMITH_MAX_RATE_LIMIT_PER_MINUTE")
        return self

    @field_validator("database_url")
    @classmethod
    def _names_a_database(cls, url: str) -> str:
        """What libpq would say of it later may repeat the password."""
        try:
            port = str(conninfo_to_dict(url).get("port") or "")
        except ProgrammingError:
            raise ValueError("is no connection URL of PostgreSQL; are special characters percent-encoded?") from None
        if port and not all(one.isdecimal() for one in port.split(",")):
            raise ValueError("has a port that is no number")
        return url

    @field_validator("redis_url")
    @classmethod
    def _names_a_redis(cls, url: str | None) -> str | None:
        try:
            urlsplit(url or "").port  # noqa: B018 - reading it checks it
        except ValueError:
            raise ValueError("is no URL of Redis; are special characters percent-encoded?") from None
        return url
