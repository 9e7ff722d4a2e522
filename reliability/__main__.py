"""`python -m reliability`: causes each fault, counts, and writes docs/reliability.md."""

import argparse
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.machine import describe_machine
from benchmarks.progress import say
from reliability.backends import Backends
from reliability.count import Count, count
from reliability.faults import AFTER, BEFORE, FAULTS, FULL, QUICK, RECOVERY_SECONDS, Amounts, Fault
from reliability.report import table, write
from reliability.rig import Rig, Skipped

PAGE = Path(__file__).parent.parent / "docs" / "reliability.md"


class Run:
    """One run over the faults, each with load of its own, on the server that it needs."""

    def __init__(self, amounts: Amounts) -> None:
        self._amounts = amounts
        self._owed: list[tuple[Fault, Backends, str]] = []
        self.counts: list[Count] = []
        self.skipped: list[tuple[str, str]] = []
        self.machine: dict[str, str] = {}

    def run(self, faults: Iterable[Fault]) -> None:
        """Runs the faults and collects the results."""
        special = [fault for fault in faults if fault.rig is not Rig]
        with Rig() as rig:
            self.machine = describe_machine(rig.stack.database_url)
            for fault in faults:
                if fault.rig is Rig:
                    self._hurt(rig, fault)
            for fault in special:
                self._run_apart(fault)
            for fault, backends, happened in self._owed:
                say(f"{fault.name}: waiting for pushes that are tried again later")
                self._keep(count(backends, happened, seconds=fault.recovery_seconds))

    def _run_apart(self, fault: Fault) -> None:
        try:
            rig = fault.rig()
        except Skipped as missing:
            say(f"{fault.name}: not run, {missing}")
            self.skipped.append((fault.name, str(missing)))
            return
        with rig:
            self._hurt(rig, fault)

    def _hurt(self, rig: Rig, fault: Fault) -> None:
        if fault.counted_last and not self._amounts.with_quarter_hour:
            return
        say(fault.name)
        rig.stack.wait_answering(RECOVERY_SECONDS)
        with Backends(rig.team, fault.name) as backends:
            time.sleep(BEFORE)
            happened = fault.hurt(rig, backends, self._amounts)
            time.sleep(AFTER)
        rig.team.no_faults()
        if fault.counted_last:
            self._owed.append((fault, backends, happened))
        else:
            self._keep(count(backends, happened, seconds=fault.recovery_seconds))

    def _keep(self, result: Count) -> None:
        self.counts.append(result)
        say(f"{'good' if result.good else 'BAD'}: {result}")


@contextmanager
def interruptible() -> Iterator[None]:
    """Lets Ctrl-C and SIGTERM clean up, also if a shell has started us in the background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        yield
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        raise SystemExit(130) from None


def main() -> int:
    """Runs the chosen faults. Returns 0 if nothing was lost, shown twice or answered wrongly, else 1."""
    parser = argparse.ArgumentParser(
        prog="python -m reliability", description="Causes faults in the server and counts lost pushes."
    )
    parser.add_argument("--quick", action="store_true", help="a little of everything, and nothing is written")
    parser.add_argument("--only", action="append", choices=[fault.name for fault in FAULTS], help="may be repeated")
    arguments = parser.parse_args()
    run = Run(QUICK if arguments.quick else FULL)
    with interruptible():
        run.run([fault for fault in FAULTS if arguments.only is None or fault.name in arguments.only])
    text = table(run.counts, run.skipped, run.machine)
    print(text)
    if not arguments.quick and arguments.only is None:
        write(PAGE, text)
    return 0 if all(result.good for result in run.counts) else 1


if __name__ == "__main__":
    sys.exit(main())
