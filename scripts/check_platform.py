"""Ends with one line if there are no ready-made packages for this machine. Needs only Python."""

import platform
import sys

OLDEST_GLIBC = (2, 27)
MACHINES = {"Linux": ("x86_64", "aarch64"), "Darwin": ("x86_64", "arm64")}
ELSEWHERE = "docs/docker.md says how to run it in a container"


def missing(system: str, machine: str, libc: tuple[str, str], *, is_64bit: bool) -> str | None:
    """Why the server cannot run here; None if it can. `libc` is the result of `platform.libc_ver()`."""
    if system not in MACHINES:
        return f"the server runs on Linux and macOS, and this is {system}: {ELSEWHERE}"
    if machine not in MACHINES[system] or not is_64bit:
        bits = 64 if is_64bit else 32
        return f"PostgreSQL's package is for 64-bit x86 and ARM only, and this Python is for {machine} ({bits} bits)"
    if system == "Linux":
        name, version = libc
        if name != "glibc":
            return f"PostgreSQL's package needs a Linux with glibc, which Alpine (musl) has not: {ELSEWHERE}"
        if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_GLIBC:
            needed = ".".join(map(str, OLDEST_GLIBC))
            return f"PostgreSQL's package needs glibc {needed} or newer, and this is {version}: {ELSEWHERE}"
    return None


if __name__ == "__main__":
    why = missing(platform.system(), platform.machine(), platform.libc_ver(), is_64bit=sys.maxsize > 2**32)
    sys.exit(why)
