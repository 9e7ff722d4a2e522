"""Fills the database of another checkout's server with that checkout's own statements: its tables may differ."""

import json
import subprocess
import uuid
from typing import Any

from benchmarks.kinds import Kind
from benchmarks.population import Population

PROGRAM = """
import json, sys
from benchmarks.population import Population
population = Population(sys.argv[1])
for line in sys.stdin:
    method, arguments, options = json.loads(line)
    print(json.dumps(getattr(population, method)(*arguments, **options)), flush=True)
"""


class PopulationElsewhere(Population):
    """A Population of the other checkout, in a process of its own. It ends with this one."""

    def __init__(self, database_url: str, kind: Kind) -> None:
        super().__init__(database_url)
        # With `-c` Python finds packages in the working folder first.
        self._process = subprocess.Popen(
            [kind.python, "-c", PROGRAM, database_url],
            cwd=kind.checkout,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def add_strangers(self, devices: int, settled_deliveries: int = 0) -> None:
        """See Population."""
        self._call("add_strangers", devices, settled_deliveries)

    def add_audience(self, devices: int) -> str:
        """See Population."""
        return str(self._call("add_audience", devices))

    def add_streams(self, accounts: int, stream_key: str, content_state: str, *, devices_each: int = 1) -> list[str]:
        """See Population."""
        return list(self._call("add_streams", accounts, stream_key, content_state, devices_each=devices_each))

    def add_history(self, device_id: uuid.UUID, settled_deliveries: int) -> None:
        """See Population."""
        self._call("add_history", str(device_id), settled_deliveries)

    def tidy(self) -> None:
        """See Population."""
        self._call("tidy")

    def close(self) -> None:
        """Ends the process."""
        self._process.communicate()

    def _call(self, method: str, *arguments: object, **options: object) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([method, arguments, options]) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise OSError(f"{method} of the other checkout failed: see the lines above")
        return json.loads(answer)
