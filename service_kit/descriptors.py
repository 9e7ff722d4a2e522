"""The limit on files and connections that this process may have open at once."""

import logging
import resource

log = logging.getLogger(__name__)

WANTED = (65_536, 10_240)
"""Limits to try, in this order: macOS reports no limit but has one (OPEN_MAX)."""
RESERVED = 128
"""Descriptors kept for other uses than clients' connections: logs, channels to other processes, files."""


def raise_limit() -> None:
    """Raises the process's limit as far as the system allows and the process can use. Shells and init systems start
    programs with 1,024, for programs that use `select`; ours do not."""
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
    """How many of the wanted `connections` fit under the process's limit."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return connections if soft == resource.RLIM_INFINITY else max(1, min(connections, soft - RESERVED))


def that_fit(connections: int, variable: str) -> int:
    """How many of the wanted `connections` fit under the process's limit. Logs a warning with the setting's name,
    `variable`, if not all fit: connections beyond the limit would not be refused but left waiting."""
    fitting = room_for(connections)
    if fitting < connections:
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        log.warning(
            "%s=%d does not fit under this process's limit of %d open files: it holds %d connections. Raise the limit "
            "(ulimit -n, LimitNOFILE=), or set the variable to less",
            *(variable, connections, soft, fitting),
        )
    return fitting
