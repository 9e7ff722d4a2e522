"""What tests of the page at `/phone/` need."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PHONE = Path(__file__).parents[2] / "gateway" / "phone"
NODE = shutil.which("node") or "node"

RunModule = Callable[[str, Any], Any]


@pytest.fixture(scope="module")
def run_module(tmp_path_factory: pytest.TempPathFactory) -> RunModule:
    """Runs a script beside the page's own modules, with input and output as JSON."""
    folder = tmp_path_factory.mktemp("phone") / "phone"
    shutil.copytree(PHONE, folder)
    # A browser is told by the page that these are modules.
    (folder / "package.json").write_text('{"type": "module"}')

    def run(script: str, given: Any) -> Any:
        (folder / "script.js").write_text(script)
        done = subprocess.run(
            [NODE, "script.js"], cwd=folder, input=json.dumps(given), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run
