"""Writes gen/ from proto/. The only thing that may write there; `--check` fails if gen/ is stale instead."""

import filecmp
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GEN = ROOT / "gen"


def generate(target: Path) -> None:
    """Compiles every proto of ours into `target`: messages from all, stubs and servicers from `*_service.proto`."""
    protos = sorted(str(p.relative_to(ROOT / "proto")) for p in (ROOT / "proto").rglob("*.proto"))
    services = [p for p in protos if p.endswith("_service.proto")]
    protoc(f"--python_out={target}", f"--mypy_out=quiet:{target}", *protos)
    protoc(f"--grpc_python_out={target}", f"--mypy_grpc_out=quiet:{target}", *services)
    for folder in [p for p in target.rglob("*") if p.is_dir()]:
        (folder / "__init__.py").touch()


def protoc(*arguments: str) -> None:
    """Runs the compiler with its plugins from this environment."""
    subprocess.run(  # noqa: S603 - our own compiler on our own files
        [
            sys.executable, "-m", "grpc_tools.protoc",
            f"-I{ROOT / 'proto'}", f"-I{ROOT / 'third_party' / 'proto'}",
            *arguments,
        ],
        check=True,
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"},
    )  # fmt: skip


def differences(left: Path, right: Path) -> list[str]:
    """Paths that exist on one side only or differ."""
    names = {p.relative_to(left) for p in left.rglob("*.py*") if p.suffix in (".py", ".pyi")}
    names |= {p.relative_to(right) for p in right.rglob("*.py*") if p.suffix in (".py", ".pyi")}
    return sorted(
        str(n)
        for n in names
        if not ((left / n).exists() and (right / n).exists() and filecmp.cmp(left / n, right / n, shallow=False))
    )


def main() -> None:
    """Generates, or checks with `--check`."""
    with tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch)
        generate(fresh)
        if "--check" in sys.argv:
            stale = differences(fresh, GEN)
            if stale:
                sys.exit("gen/ is stale, run `make proto`:\n  " + "\n  ".join(stale))
            return
        shutil.rmtree(GEN, ignore_errors=True)
        shutil.copytree(fresh, GEN)


if __name__ == "__main__":
    main()
