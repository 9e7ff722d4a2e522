"""Limits how many pages may be open, so that one client cannot keep others out by asking for many pages.

NiceGUI keeps a page from when it is asked for until its browser has left. It keeps a page for which no browser has
opened a socket for a minute; programs can ask for any number of these. So their number is limited for each address, and
the oldest give way to new ones and to pages that people look at.
"""

from collections import Counter
from collections.abc import Sequence

from nicegui import Client

from service_kit.connections import share_of

MAX_PAGES = 400
"""Most pages in all, of about 2 MB each."""
MAX_UNSEEN = 200
"""Most pages that no browser shows (yet). Beyond it the oldest is given up, as beyond `MAX_PAGES`."""
MAX_UNSEEN_OF_ONE = 60
"""Most such pages of one address: an IPv4 address or an IPv6 /64."""


def has_room(address: str) -> bool:
    """Whether one more page may be made for a browser at `address`."""
    unseen = [page for page in Client.instances.values() if not page.has_socket_connection]
    if len(Client.instances) - len(unseen) >= MAX_PAGES:
        return False
    held = Counter(share_of(page.ip) for page in unseen)
    if held[share_of(address)] >= MAX_UNSEEN_OF_ONE:
        return False
    if len(unseen) >= MAX_UNSEEN or len(Client.instances) >= MAX_PAGES:
        _give_up_one(unseen, held)
    return True


def _give_up_one(unseen: Sequence[Client], held: Counter[str]) -> None:
    """Ends the oldest page of the address that has the most. A browser that still wants it loads it again."""
    (network, _), *_ = held.most_common(1)
    min((page for page in unseen if share_of(page.ip) == network), key=lambda page: page.created).delete()
