"""How many pages may be open, so that who asks for pages without end keeps no others out.

NiceGUI keeps a page from when it is asked for until its browser has left. One that no browser has opened a socket for
is kept for a minute; programs can ask for any number of these. So they are bounded for each address, and make room for
one another and for those that people look at.
"""

from collections import Counter
from collections.abc import Sequence

from nicegui import Client

from service_kit.connections import share_of

MAX_PAGES = 400
"""Pages in all, of about 2 MB each."""
MAX_UNSEEN = 200
"""Pages that no browser shows (yet). Beyond it the oldest makes room, as it does beyond `MAX_PAGES`."""
MAX_UNSEEN_OF_ONE = 60
"""Those of one address: an IPv4 address or an IPv6 /64."""


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
    """Ends the oldest page of the address that has the most. A browser that comes for it after all loads it again."""
    (network, _), *_ = held.most_common(1)
    min((page for page in unseen if share_of(page.ip) == network), key=lambda page: page.created).delete()
