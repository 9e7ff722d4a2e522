"""Whom a request is for: the four documented lines on an API key's scope and `target.channels`.

- Scope `all`, no target: all recipients of the account.
- Scope `all`, target: only the named channels.
- Scope `channels`, no target: the channels assigned to the key.
- Scope `channels`, target: the named channels, all of which must be assigned to the key.
"""

from collections.abc import Sequence

from core_service.channels.errors import ChannelScopeViolation, InvalidTarget
from core_service.common.validation import SLUG, SLUG_LENGTH
from core_service.identity.principal import ChannelRef

MAX_CHANNELS = 100


def check_slugs(slugs: Sequence[str], name: str = "target.channels") -> tuple[str, ...]:
    """The requested slugs, each once, in the order given.

    Raises InvalidTarget if there are none, too many, or one is not a slug.
    """
    if not slugs:
        raise InvalidTarget.at(name, "must contain at least one channel")
    if len(slugs) > MAX_CHANNELS:
        raise InvalidTarget.at(name, f"must have at most {MAX_CHANNELS} items")
    for place, slug in enumerate(slugs):
        if len(slug) > SLUG_LENGTH or not SLUG.fullmatch(slug):
            raise InvalidTarget.at(
                f"{name}[{place}]",
                "must be a channel slug: lower-case letters, digits and single hyphens, "
                f"at most {SLUG_LENGTH} characters",
            )
    return tuple(dict.fromkeys(slugs))


def within_scope(scope: Sequence[ChannelRef], requested: Sequence[str] | None) -> tuple[ChannelRef, ...]:
    """The channels that a channel-scoped key reaches with this request.

    Raises ChannelScopeViolation if it asks for any other. Whether that other channel exists is not told.
    """
    if requested is None:
        return tuple(scope)
    by_slug = {channel.slug: channel for channel in scope}
    if not by_slug.keys() >= set(requested):
        raise ChannelScopeViolation
    return tuple(by_slug[slug] for slug in requested)


def all_known(
    requested: Sequence[str], found: Sequence[ChannelRef], name: str = "target.channels"
) -> tuple[ChannelRef, ...]:
    """The channels of the account by the requested slugs, in the order requested.

    Raises InvalidTarget naming the first slug that no channel has.
    """
    by_slug = {channel.slug: channel for channel in found}
    for place, slug in enumerate(requested):
        if slug not in by_slug:
            path = f"{name}[{place}]"
            raise InvalidTarget(f"{path}: there is no channel with the slug {slug}").about(path)
    return tuple(by_slug[slug] for slug in requested)
