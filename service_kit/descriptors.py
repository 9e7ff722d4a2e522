"""Files and connections that this process may have open at once."""

import logging
import resource

log = logging.getLogger(__name__)

WANTED = (65_536, 10_240)
"""The second where the system refuses the first: macOS names no limit and has one (OPEN_MAX)."""
RESERVED = 128
"""For what is open besides clients' connections: logs, channels to other processes, files that are read."""


def raise_limit() -> None:
    """Lets the process open as many as the system lets it, as far as it may want them. Shells and init systems start
    programs with 1,024 for the sake of those that use `select`, which none of ours does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for most in WANTED:
        wanted = most if hard == resource.RLIM_INFINITY else min(most, hard)
        if soft == resource.RLIM_INFINITY or soft >= wanted:
            return
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (ValueError, OSError) as error:
            log.info("the limit on open files cannot be raised from %d to %d: %s", soft, wanted, error)
        else:
            return


def room_for(connections: int) -> int:
    """How many of the `connections` wanted fit under the process's limit."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return connections if soft == resource.RLIM_INFINITY else max(1, min(connections, soft - RESERVED))


def that_fit(connections: int, variable: str) -> int:
    """So many of the `connections` wanted as fit under the process's limit; `variable` names the setting that wants
    them. Says so in the log if that is fewer: connections beyond the limit would not be refused but left waiting."""
    fitting = room_for(connections)
    if fitting < connections:
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        log.warning(
            "%s=%d does not fit under this process's limit of %d open files: it holds %d connections. Raise the limit "
            "(ulimit -n, LimitNOFILE=), or set the variable to less",
            *(variable, connections, soft, fitting),
        )
    return fitting
