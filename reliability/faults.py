"""The faults. Each begins while backends send, ends, and returns a description."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

from reliability.backends import Backends
from reliability.rig import ClockRig, Rig, SingleProcessRig, SmallDiskRig

KILLED = ("core", "delivery", "gateway", "postgres")
BEFORE, AFTER = 2.0, 3.0
"""Seconds of load before a fault begins and after it is over."""
RECOVERY_SECONDS = 120.0
QUARTER_HOUR = 1000.0
"""Seconds. APNs' 5xx are tried again after 15 minutes, and a tenth is added at random."""
HOUR = 3600


@dataclass(frozen=True)
class Amounts:
    """The amount of each fault."""

    kills: int
    restarts: int
    outage_seconds: float
    storm_seconds: float
    with_quarter_hour: bool
    """Whether to wait for pushes that are tried again after 15 minutes."""


FULL = Amounts(kills=50, restarts=5, outage_seconds=120, storm_seconds=20, with_quarter_hour=True)
QUICK = Amounts(kills=1, restarts=1, outage_seconds=4, storm_seconds=3, with_quarter_hour=False)

Hurt = Callable[[Rig, Backends, Amounts], str]
"""Causes the fault and ends it. Returns how often it happened, or how long it lasted."""


@dataclass(frozen=True)
class Fault:
    """One line of the table."""

    name: str
    hurt: Hurt
    recovery_seconds: float = RECOVERY_SECONDS
    """Seconds that the phone may take to catch up afterwards."""
    counted_last: bool = False
    """Whether its pushes are tried again much later: then it is counted at the end."""
    rig: type[Rig] = Rig


def kill_everything(rig: Rig, backends: Backends, amounts: Amounts) -> str:
    """Sends SIGKILL to one process after the other."""
    for _ in range(amounts.kills):
        for name in KILLED:
            rig.kill(name)
    return f"{amounts.kills} times each"


def kill_the_server(rig: Rig, backends: Backends, amounts: Amounts) -> str:
    """Sends SIGKILL to the process that is gateway, core and delivery."""
    for _ in range(amounts.kills):
        rig.kill("server")
    return f"{amounts.kills} times"


def hang_the_server(rig: Rig, backends: Backends, amounts: Amounts) -> str:
    """Stops that process without ending it."""
    _hang(rig.stack.pids["server"], amounts.storm_seconds)
    return f"{amounts.storm_seconds:g} s"


def restart_postgres(rig: Rig, backends: Backends, amounts: Amounts) -> str:
    """Shuts PostgreSQL down in "fast" mode, which disconnects all clients."""
    for _ in range(amounts.restarts):
        rig.kill("postgres", signal.SIGINT)
        time.sleep(1)
    return f"{amounts.restarts} times"


def hang_core(rig: Rig, backends: Backends, amounts: Amounts) -> str:
    """Stops a process without ending it."""
    for name in ("core", "delivery"):
        _hang(rig.stack.pids[name], amounts.storm_seconds)
        time.sleep(AFTER)
    return f"{amounts.storm_seconds:g} s each"


def lose_redis(rig: Rig, backends: Backends, amounts: Amounts) -> str:
    """Redis is lost, and comes back empty."""
    rig.redis.stop()
    time.sleep(amounts.storm_seconds)
    rig.redis.start()
    return f"{amounts.storm_seconds:g} s"


def cut_apns_off(rig: Rig, backends: Backends, amounts: Amounts) -> str:
    """Resets all connections to APNs, and refuses new ones."""
    rig.team.faults(settings={"refuse_connections": True}, connections={"action": "reset"})
    time.sleep(amounts.outage_seconds)
    rig.team.no_faults()
    return f"{amounts.outage_seconds:g} s"


def storm_of_goaways(rig: Rig, backends: Backends, amounts: Amounts) -> str:
    """APNs closes all connections again and again, sometimes without the answers that it has promised."""
    return _storm(
        rig,
        amounts,
        {"action": "goaway", "last_stream": "half", "answer_rest": True},
        {"action": "goaway", "last_stream": "none", "answer_rest": False},
        {"action": "goaway", "last_stream": "all", "answer_rest": False},
    )


def storm_of_resets(rig: Rig, backends: Backends, amounts: Amounts) -> str:
    """Connections to APNs break again and again."""
    return _storm(rig, amounts, {"action": "reset"})


def silent_connections(rig: Rig, backends: Backends, amounts: Amounts) -> str:
    """Connections to APNs stay open, but APNs sends nothing any more."""
    rig.team.faults(connections={"action": "silence"})
    time.sleep(amounts.storm_seconds)
    return "all open ones"


def mute_streams(rig: Rig, backends: Backends, amounts: Amounts) -> str:
    """APNs never answers the next requests for any of this phone's tokens."""
    _script(rig, [{"action": "mute"}] * 10)
    return "10 requests of each token"


def busy_token(rig: Rig, backends: Backends, amounts: Amounts) -> str:
    """Apple's answer to too many pushes for one token."""
    _script(rig, [{"status": 429, "reason": "TooManyRequests"}] * 20)
    return "20 requests of each token"


def storm_of_503(rig: Rig, backends: Backends, amounts: Amounts) -> str:
    """APNs is unavailable and says so; Apple asks to wait 15 minutes."""
    rig.team.faults(tokens={"*": [{"status": 503, "reason": "ServiceUnavailable"}]})
    time.sleep(amounts.storm_seconds)
    rig.team.no_faults()
    return f"{amounts.storm_seconds:g} s"


def expired_provider_token(rig: Rig, backends: Backends, amounts: Amounts) -> str:
    """APNs' clock is two hours ahead: every provider token of ours is too old."""
    rig.team.faults(settings={"clock_offset_seconds": 2.0 * HOUR})
    time.sleep(amounts.storm_seconds)
    rig.team.no_faults()
    return f"{amounts.storm_seconds:g} s"


def revoked_key(rig: Rig, backends: Backends, amounts: Amounts) -> str:
    """APNs calls our key invalid."""
    rig.team.faults(settings={"revoke_key": True})
    time.sleep(amounts.storm_seconds)
    rig.team.no_faults()
    return f"{amounts.storm_seconds:g} s"


def jump_of_clock(rig: Rig, backends: Backends, amounts: Amounts) -> str:
    """The clock of every process but PostgreSQL's jumps an hour ahead, and back."""
    assert isinstance(rig, ClockRig)
    rig.set_clock(HOUR)
    time.sleep(amounts.storm_seconds)
    rig.set_clock(0)
    return f"an hour ahead, {amounts.storm_seconds:g} s later back"


def full_disk(rig: Rig, backends: Backends, amounts: Amounts) -> str:
    """PostgreSQL's disk is full."""
    assert isinstance(rig, SmallDiskRig)
    rig.fill()
    time.sleep(amounts.storm_seconds)
    rig.free()
    rig.stack.wait_answering(60)
    return f"{amounts.storm_seconds:g} s"


FAULTS = (
    Fault("503 storm", storm_of_503, QUARTER_HOUR, counted_last=True),
    Fault("kill -9 of gateway, core, delivery, PostgreSQL", kill_everything),
    Fault("PostgreSQL restarts", restart_postgres),
    Fault("core, then delivery hang", hang_core),
    Fault("Redis is lost", lose_redis),
    Fault("APNs is down", cut_apns_off),
    Fault("GOAWAY storm", storm_of_goaways),
    Fault("connection resets", storm_of_resets),
    Fault("silent connections", silent_connections),
    Fault("mute streams", mute_streams),
    Fault("429 per token", busy_token),
    Fault("expired provider token", expired_provider_token),
    Fault("revoked key", revoked_key),
    Fault("kill -9 of the one process", kill_the_server, rig=SingleProcessRig),
    Fault("the one process hangs", hang_the_server, rig=SingleProcessRig),
    Fault("clock jump", jump_of_clock, rig=ClockRig),
    Fault("disk full for PostgreSQL", full_disk, rig=SmallDiskRig),
)


def _storm(rig: Rig, amounts: Amounts, *actions: dict[str, object]) -> str:
    until = time.monotonic() + amounts.storm_seconds
    times = 0
    while time.monotonic() < until:
        rig.team.faults(connections=actions[times % len(actions)])
        times += 1
        time.sleep(0.2)
    return f"{times} times"


def _script(rig: Rig, steps: list[dict[str, object]]) -> None:
    """Each token goes through the steps, then normal answers follow."""
    rig.team.faults(tokens={"*": [*steps, {}]})
    time.sleep(5)


def _hang(pid: int, seconds: float) -> None:
    os.kill(pid, signal.SIGSTOP)
    time.sleep(seconds)
    os.kill(pid, signal.SIGCONT)
