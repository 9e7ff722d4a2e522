"""Programs made of the product documentation's examples, which are files here, and run as their users run them.

The examples stand as documented. Their host is changed from outside, by what docs/sdks.md gives its readers.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import LONG

HERE = Path(__file__).parent
NODE_FOLDER = HERE / "node"
REPOSITORY = HERE.parent.parent
HOSTS = REPOSITORY / "docs" / "sdks"

NODE = shutil.which("node") or "node"

DOCUMENTED_ID = "pLAr-Hnq9ZFW4sxlk43Lhbuok4GLh7UW"
"""The id that examples have where one that a start returned belongs."""

TIMEOUT_SECONDS = 3 * LONG


def example(language: str, name: str, activity_id: str = "") -> str:
    """The documented example, for the activity of this id if it needs one."""
    [path] = (HERE / language / "examples").glob(f"{name}.*")
    return path.read_text().replace(DOCUMENTED_ID, activity_id)


def environment(gateway: str, key: str) -> dict[str, str]:
    """What both languages' programs are started with."""
    return {**os.environ, "ACTIVITYSMITH_API_KEY": key, "ACTIVITYSMITH_BASE_URL": gateway}


def run_python(program: str, env: dict[str, str]) -> str:
    """What the program printed. Its host is changed by sitecustomize.py."""
    return _run([sys.executable, "-c", program], {**env, "PYTHONPATH": str(HOSTS)})


def run_node(program: str, env: dict[str, str], *, module: str = "module") -> str:
    """What the ES module (or `commonjs`) printed. Its host is changed by host.mjs."""
    return _run([NODE, "--import", (HOSTS / "host.mjs").as_uri(), f"--input-type={module}", "--eval", program], env)


def node_is_installed(modules: Path = NODE_FOLDER / "node_modules") -> None:
    """Fails the test, saying what to do, if the Node SDK is not there."""
    if not (modules / "activitysmith").is_dir():
        pytest.fail("The Node SDK is not installed: `make test` does it, with npm")


def _run(command: list[str], env: dict[str, str]) -> str:
    node_is_installed()
    done = subprocess.run(
        command, env=env, cwd=NODE_FOLDER, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
    )
    assert done.returncode == 0, f"{command[-1]}\n--- stdout\n{done.stdout}\n--- stderr\n{done.stderr}"
    return done.stdout + done.stderr


class Backend:
    """A customer's backend in one language, with an API key."""

    def __init__(self, language: str, gateway: str, key: str) -> None:
        self.language = language
        self._env = environment(gateway, key)

    def run(self, *names: str, given: dict[str, str] | None = None) -> list[str]:
        """Runs examples, one after the other in one program with one client, as the documentation proposes.

        `given` are ids of activities by example, which the program has kept since an earlier run. Returns the id that
        each example has kept, or was given, empty where there is none.
        """
        parts = [self._part(name, (given or {}).get(name, "")) for name in names]
        program = "\n".join([example(self.language, "client"), *parts])
        return self._ids(self._run(program))

    def run_whole(self, **activity_ids: str) -> list[str]:
        """Runs examples that are programs by themselves, for the activities of these ids; returns the ids they kept."""
        programs = [example(self.language, name, given) + self._epilogue() for name, given in activity_ids.items()]
        if self.language == "python":
            programs = ["\n".join(programs)]
        return [kept for program in programs for kept in self._ids(self._run(program))]

    def output(self, name: str) -> str:
        """What the example printed."""
        return self._run(f"{example(self.language, 'client')}\n{example(self.language, name)}")

    def _part(self, name: str, activity_id: str) -> str:
        text = example(self.language, name)
        kept = json.dumps(activity_id)
        if self.language == "python":
            return f"activity_id = {kept}\n{text}{self._epilogue()}"
        # A block, because several examples declare the same constants.
        given = f"const activityId = {kept};\n" if activity_id else ""
        return f"{{\n{given}{text}{self._epilogue()}}}"

    def _epilogue(self) -> str:
        if self.language == "python":
            return 'print("id:", globals().get("activity_id", ""))\n'
        return 'console.log("id:", typeof activityId === "undefined" ? "" : activityId);\n'

    def _run(self, program: str) -> str:
        run = run_python if self.language == "python" else run_node
        return run(program, self._env)

    @staticmethod
    def _ids(output: str) -> list[str]:
        return [line.removeprefix("id:").strip() for line in output.splitlines() if line.startswith("id:")]
