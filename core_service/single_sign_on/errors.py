"""Why somebody is not signed in by single sign-on."""

from core_service.identity.errors import Forbidden
from service_kit.errors import NotFound, Unavailable


class NoSingleSignOn(Forbidden):
    """The server has none."""

    def __init__(self) -> None:
        super().__init__("This server has no single sign-on.")


class UnknownAttempt(NotFound):
    """No sign-in can be completed with this state. Whether one ever could is not told."""

    def __init__(self) -> None:
        super().__init__("This sign-in has ended, or was begun in another browser. Begin again.")


class NotVouchedFor(Forbidden):
    """The provider does not vouch for the person, or what it says proves nothing."""


class NotReauthenticated(NotVouchedFor):
    """The person was to prove once more who they are, and the provider does not say that they did."""


class NoPlace(Forbidden):
    """The provider knows the person, and nothing gives them a place on this server."""


class ProviderAway(Unavailable):
    """The provider does not answer, or answers what no provider answers. Another try may go well."""


class GrantRefused(Exception):
    """The provider no longer vouches for the person by this token."""
