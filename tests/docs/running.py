"""Runs a document's commands in order in one shell, as somebody would who follows it, against a real server."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.docs.reading import ROOT, Block
from tests.stack import Stack
from tests.waiting import LONG

SECONDS = 3 * LONG
BASH = "/bin/bash"
BIN = Path(sys.executable).parent
CURL_STATUS = re.compile(r"^\[HTTP ([0-9]{3})]$", re.MULTILINE)
CURL_ALWAYS = 'silent\nshow-error\nmax-time = 30\nwrite-out = "%{stderr}\\n[HTTP %{http_code}]\\n"\n'
"""So that a request of the documents that is refused is a command that fails."""
RUN = ("bash", "python")
UNTOLD = """
import json, sys
phone = json.load(sys.stdin)
is_quick = phone["settings"]["update_token_delay_seconds"] == 0
sys.exit(not (is_quick and any(one["state"] == "active" and not one["token_reported"] for one in
                               phone["live_activities"])))
"""
SOON = """
soon() {
  for _ in {1..100}; do
    "$@" && return
    sleep 0.05
  done
}
"""
"""Waits until a command succeeds, but not for long: the document's next command says what is wrong."""
SETTLED = """
settled() {{ ! curl -q -s {phone} 2>/dev/null | python3 -ES -c '{untold}' 2>/dev/null; }}
"""
"""By the time at which a person has typed the next command, the app on the phone has reported its tokens. A script may
be quicker, and is answered that the phone gets the state later."""
OF_CARDS = "/live-activity/"
LOGGED = """
logged() {
  curl -q -s -G http://127.0.0.1:8000/api/delivery-attempts -H "Authorization: Bearer $ACTIVITYSMITH_API_KEY" \\
    -d stream_key="$1" 2>/dev/null | grep -q '"occurred_at"'
}
"""
"""By then the attempts of the stream are in the log, too: their lines are written just after APNs' answer."""
OF_THE_LOG = re.compile(r"stream_key=([a-z-]+)")


@dataclass(frozen=True, slots=True)
class Ran:
    """What a block printed."""

    block: Block
    stdout: str
    stderr: str

    @property
    def statuses(self) -> list[int]:
        """What the requests of its curls were answered with."""
        return [int(status) for status in CURL_STATUS.findall(self.stderr)]


class Workspace:
    """A checkout in which the server was started: the project's folder, with this server's `var` in it."""

    def __init__(self, folder: Path, stack: Stack, places: dict[str, str]) -> None:
        """`places`: what the documents say, and where it is here: addresses with a port, folders."""
        self._stack = stack
        self._places = places
        self._here = folder / "checkout"
        self._scratch = folder
        self._here.mkdir()
        for entry in ROOT.iterdir():
            if entry.name not in ("var", ".git"):
                (self._here / entry.name).symlink_to(entry)
        (self._here / "var").symlink_to(stack.data_dir)
        self._curl_homes = {True: folder / "curl-strict", False: folder / "curl-any"}
        for strict, home in self._curl_homes.items():
            home.mkdir()
            (home / ".curlrc").write_text(CURL_ALWAYS + ("fail-with-body\n" if strict else ""))

    def run(self, name: str, blocks: list[Block]) -> list[Ran]:
        """What each block printed, this server's places written as the document writes them.

        Fails naming the first block that fails.
        """
        out = self._scratch / name.replace("/", "-")
        out.mkdir()
        phone = f"{self._stack.simulator_url}/phones/{self._stack.phone_id}"
        script = [
            "set -euo pipefail",
            f"cd {self._here}",
            SOON,
            SETTLED.format(phone=phone, untold=UNTOLD),
            self._here_for(LOGGED),
        ]
        for place, block in enumerate(blocks):
            script += self._script(out / str(place), block)
        (out / "script").write_text("\n".join(script))
        ended = self._run_script(out / "script")
        ran = []
        for place, block in enumerate(blocks):
            one = Ran(block, self._documented(out / f"{place}.out"), self._documented(out / f"{place}.err"))
            if not (out / f"{place}.done").exists():
                raise AssertionError(f"{name}:{block.line} {ended}\n{block.text}\n{one.stdout}\n{one.stderr}")
            ran.append(one)
        return ran

    def _run_script(self, script: Path) -> str:
        """How it came to an end."""
        nothing = subprocess.DEVNULL
        try:
            done = subprocess.run(
                [BASH, script],
                env=self._environment(),
                stdin=nothing,
                stdout=nothing,
                stderr=nothing,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"is not done within {SECONDS} s"
        return f"ends with {done.returncode}"

    def _script(self, out: Path, block: Block) -> list[str]:
        """Lines that run the block: in this shell if it is shell, so that what it exports stays."""
        text = self._here_for(block.text)
        asked = OF_THE_LOG.search(text)
        if block.language == "python":
            out.with_suffix(".py").write_text(text)
            text = f'python3 "{out}.py"'
        curl_home = self._curl_homes[block.answers is None]
        return [
            *(["soon settled"] if OF_CARDS in text else []),
            *([f"soon logged {asked[1]}"] if asked else []),
            f'exec >"{out}.out" 2>"{out}.err"',
            f'export CURL_HOME="{curl_home}"',
            text,
            f'touch "{out}.done"',
        ]

    def _environment(self) -> dict[str, str]:
        """That of somebody who has a checkout and nothing else."""
        kept = {name: value for name, value in os.environ.items() if name in ("LANG", "TZ", "TMPDIR")}
        return kept | {
            "PATH": f"{BIN}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": str(self._scratch),
            "GRPC_ENABLE_FORK_SUPPORT": "0",
        }

    def _here_for(self, text: str) -> str:
        for documented, here in self._places.items():
            text = text.replace(documented, here)
        return text

    def _documented(self, path: Path) -> str:
        text = path.read_text(errors="replace") if path.exists() else ""
        for documented, here in self._places.items():
            text = text.replace(here, documented)
        return text


def syntax_error(block: Block) -> str | None:
    """What is wrong with a block that is not run, if its language can tell."""
    if block.language == "python":
        try:
            compile(block.text, "block", "exec")
        except SyntaxError as error:
            return str(error)
    if block.language == "bash":
        done = subprocess.run([BASH, "-n"], input=block.text, text=True, capture_output=True, check=False)
        return done.stderr or None
    return None
