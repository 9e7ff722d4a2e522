"""Recently seen values, with limited memory."""

GENERATION = 200_000


class RecentIds:
    """A set that remembers at least the last `GENERATION` members and at most twice as many."""

    def __init__(self) -> None:
        self._new: set[str] = set()
        self._old: set[str] = set()

    def seen_before(self, member: str) -> bool:
        """Whether `member` was given before; remembers it."""
        if member in self._new or member in self._old:
            return True
        self._new.add(member)
        if len(self._new) >= GENERATION:
            self._old, self._new = self._new, set()
        return False


class RecentTimestamps:
    """The highest timestamp per key, for at least the last `GENERATION` keys."""

    def __init__(self) -> None:
        self._new: dict[str, float] = {}
        self._old: dict[str, float] = {}

    def step(self, key: str, timestamp: float) -> float | None:
        """How much later `timestamp` is than the key's highest so far (None: the first). Remembers it if it is
        later."""
        last = self._new.get(key, self._old.get(key))
        if last is None or timestamp > last:
            self._new[key] = timestamp
            if len(self._new) >= GENERATION:
                self._old, self._new = self._new, {}
        return None if last is None else timestamp - last
