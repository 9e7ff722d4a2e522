"""Runs all checks at once, with a time limit."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from cli.doctor.finding import Finding, fail
from cli.doctor.settings import DoctorSettings

Check = Callable[[DoctorSettings, float], Awaitable[list[Finding]]]

THREADS = 64
APNS_EXTRA = 15.0
"""Further seconds for `apns`: core itself waits 10 seconds for APNs."""


async def examine(settings: DoctorSettings, names: Iterable[str], seconds: float) -> list[Finding]:
    """The findings of these checks, in their order. None takes much longer than `seconds`, `apns` 15 more.

    Threads that hang are left behind.
    """
    # A check that hangs, on name resolution or a network disk for example, must not keep others waiting for a thread.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS))
    checks = all_checks()
    found = await asyncio.gather(*(_bounded(name, checks[name], settings, seconds) for name in names))
    return [finding for findings in found for finding in findings]


async def _bounded(name: str, check: Check, settings: DoctorSettings, seconds: float) -> list[Finding]:
    allowed = seconds + (APNS_EXTRA if name == "apns" else 0)
    try:
        # A little more than the check's own limit, whose message is better.
        async with asyncio.timeout(allowed + 1):
            return await check(settings, seconds)
    except TimeoutError:
        return [
            fail(
                name,
                f"no end after {allowed:g} seconds",
                "Something hangs: the network, name resolution or a disk.",
            )
        ]
    except Exception as error:
        return [fail(name, f"the check itself failed: {type(error).__name__}", "Please report this.")]


def all_checks() -> dict[str, Check]:
    """By name."""
    from cli.doctor import apns, database, machine, ports, processes, single_sign_on, web_push

    plain = {
        "python": machine.python,
        "packages": machine.packages,
        "data": machine.data_folder,
        "disk": machine.disk,
        "protection": processes.protection,
        "ports": ports.ports,
        "apns-key": apns.apns_key,
        "webpush-key": web_push.web_push_key,
    }
    return {name: partial(_in_thread, check) for name, check in plain.items()} | {
        "database": database.database,
        "redis": database.redis,
        "core": processes.core,
        "delivery": processes.delivery,
        "gateway": processes.gateway,
        "admin": processes.admin,
        "simulator": processes.simulator,
        "apns": apns.apns,
        "webpush": web_push.web_push,
        "single-sign-on": single_sign_on.single_sign_on,
    }


async def _in_thread(
    check: Callable[[DoctorSettings], list[Finding]], settings: DoctorSettings, _: float
) -> list[Finding]:
    return await asyncio.to_thread(check, settings)
