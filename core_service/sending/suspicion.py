"""Whether refused device tokens are their own fault, or the fault of the line that they were sent over.

In the wrong environment, or with the wrong topic, APNs refuses every token, one by one, with the words that it has for
a token that is truly bad. To believe it would cost every phone; not to believe it would repeat pushes to bad tokens for
ever. So a few are believed, and more only as others are accepted meanwhile.

Once no more is believed, somebody's pushes are held. Accounts make up phones and their tokens, and one person may have
several accounts; so an account's refused tokens stop its own pushes, and everybody's only on evidence that made-up
tokens cannot give.
"""

import uuid
from collections import OrderedDict
from collections.abc import Set as AbstractSet
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")

MAX_BELIEVED = 5
"""Refused tokens that are believed though no other token was accepted meanwhile."""

WINDOW_SECONDS = 24 * 3600.0
"""A refusal is forgotten after this, though nothing was accepted since."""

MAX_ACCEPTED = 64
"""Accepted tokens that are remembered, so that each speaks for the line once in a while and not with every push."""


MAX_GOOD = 64
"""Tokens, and accounts, that are remembered for what APNs last accepted over a line."""

FORMERLY_GOOD = 2
"""So many tokens that were accepted over the line before must be refused for the line to be everybody's to blame. APNs
calls such a token bad only if the environment or the topic has changed."""

VOUCH_SECONDS = 600.0
"""So long does an accepted push say that the line works for whose tokens are good."""

MIN_ACCOUNTS = 3
"""Refused tokens of so many accounts, and no push of another account that is accepted, are what a server looks like
that has been wrong from its start."""


class Acceptances:
    """What APNs lately accepted over one line."""

    def __init__(self) -> None:
        self._tokens: OrderedDict[str, None] = OrderedDict()
        self._accounts: OrderedDict[uuid.UUID | None, float] = OrderedDict()
        """When a push of the account was last accepted."""

    def note(self, token: str, account_id: uuid.UUID | None, now: float) -> None:
        """APNs has accepted a push of the account to the token."""
        _remember(self._tokens, token, None)
        _remember(self._accounts, account_id, now)

    def has(self, token: str) -> bool:
        """Whether the token is known to have been good."""
        return token in self._tokens

    def vouch(self, accused: AbstractSet[uuid.UUID | None], now: float) -> bool:
        """Whether a push of any other account has been accepted lately."""
        return any(now - at <= VOUCH_SECONDS for account, at in self._accounts.items() if account not in accused)


def _remember(kept: OrderedDict[K, V], key: K, value: V) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > MAX_GOOD:
        kept.popitem(last=False)


class Suspicion:
    """What is held against one line. Times are seconds of a clock that does not go back."""

    def __init__(self) -> None:
        self._accused: OrderedDict[uuid.UUID | None, None] = OrderedDict()
        """Accounts of tokens that were refused and not believed."""
        self._formerly_good: OrderedDict[str, None] = OrderedDict()
        """Refused tokens that had been accepted before."""
        self._refused: OrderedDict[str, tuple[float, uuid.UUID | None]] = OrderedDict()
        """Tokens that were believed to be bad and that no accepted one makes up for, oldest first: when, and of which
        account."""
        self._accepted: OrderedDict[str, None] = OrderedDict()

    def refused(self, token: str, now: float, account_id: uuid.UUID | None = None) -> bool:
        """APNs refused the token. True: the line is to blame, because more than half of what it said lately about
        different tokens is that, and more than five times; the token is not to be believed bad."""
        while self._refused and now - next(iter(self._refused.values()))[0] > WINDOW_SECONDS:
            self._refused.popitem(last=False)
        if token in self._refused:
            return False
        if len(self._refused) >= MAX_BELIEVED:
            return True
        self._refused[token] = (now, account_id)
        self._accepted.pop(token, None)
        return False

    def is_everybodys(self, token: str, account_id: uuid.UUID | None, good: Acceptances, now: float) -> bool:
        """After a refused token of the account was not believed: whether all accounts' pushes over the line are to
        stop, and not only the account's."""
        _remember(self._accused, account_id, None)
        if good.has(token):
            _remember(self._formerly_good, token, None)
        accused = {account for _, account in self._refused.values()} | self._accused.keys()
        if len(accused) < 2:
            return False
        if len(self._formerly_good) >= FORMERLY_GOOD:
            return True
        return len(accused) >= MIN_ACCOUNTS and not good.vouch(accused, now)

    def accepted(self, token: str) -> bool:
        """APNs accepted a push to the token, which makes up for one refused. True if none is left."""
        self._formerly_good.pop(token, None)
        if token in self._refused:
            del self._refused[token]
        elif token not in self._accepted and self._refused:
            self._accepted[token] = None
            if len(self._accepted) > MAX_ACCEPTED:
                self._accepted.popitem(last=False)
            self._refused.popitem(last=False)
        if self._refused:
            return False
        self._accepted.clear()
        return True
