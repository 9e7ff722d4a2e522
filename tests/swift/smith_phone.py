"""The kit of `ios/` as a phone: the program `smith-phone`, which a test tells what to do."""

import json
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any

CHECKOUT = Path(__file__).parents[2]
PROGRAM = CHECKOUT / ".venv/swift/debug/smith-phone"
JSON = dict[str, Any]


class Refusal(Exception):
    """The kit has thrown an error."""

    def __init__(self, error: JSON) -> None:
        super().__init__(f"{error['kind']}: {error['words']}")
        self.kind: str = error["kind"]
        self.words: str = error["words"]
        self.status: float | None = error.get("status")


class SmithPhone:
    """A running phone. What it keeps is in `folder`, as a real one's is in its keychain and files."""

    def __init__(self, folder: Path) -> None:
        assert PROGRAM.exists(), "make test-swift builds it"
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self._process = self._launch()

    def _launch(self) -> subprocess.Popen[str]:
        command = [CHECKOUT / "scripts/with_swift.sh", PROGRAM, self.folder]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=CHECKOUT)

    def do(self, what: str, **details: Any) -> Any:
        """Has it do something, and answers with what came of it. Raises Refusal."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"do": what, **details}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"the phone died while it did {what}: {self._process.poll()}"
        answer = json.loads(line)
        if "error" in answer:
            raise Refusal(answer["error"])
        return answer["ok"]

    def kill(self) -> None:
        """iOS ends the app without a warning."""
        self._process.kill()
        self._process.communicate()

    def start(self) -> None:
        """The app is launched again."""
        self._process = self._launch()

    def __enter__(self) -> "SmithPhone":
        """Ends with the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends it."""
        self.kill()
