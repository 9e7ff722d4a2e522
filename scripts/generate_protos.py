"""Writes gen/smith, and the table of the command-line client, from proto/.

The only thing that may write there; `--check` fails if one of them is stale instead.
"""

import filecmp
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from google.protobuf import descriptor_pb2

from scripts.generated import ROOT, refuse_stale, stale_among, write

SMITH = ROOT / "gen" / "smith"
CLI_CONTRACT = ROOT / "activitysmith-cli" / "activitysmith_cli" / "contract.py"


def generate(target: Path) -> None:
    """Compiles every proto of ours into `target`: messages from all, stubs and servicers from `*_service.proto`."""
    protos = sorted(str(p.relative_to(ROOT / "proto")) for p in (ROOT / "proto").rglob("*.proto"))
    services = [p for p in protos if p.endswith("_service.proto")]
    protoc(f"--python_out={target}", f"--mypy_out=quiet:{target}", *protos)
    protoc(f"--grpc_python_out={target}", f"--mypy_grpc_out=quiet:{target}", *services)
    write_comments(target, protos)
    for folder in [p for p in target.rglob("*") if p.is_dir()]:
        (folder / "__init__.py").touch()
    # Type checkers use the stubs of an installed package only if it has this file.
    (target / "smith" / "py.typed").touch()


def write_comments(target: Path, protos: list[str]) -> None:
    """Writes `smith/core/v1/comments.py`: the protos' comments by full name, which generated descriptors leave out.

    The gateway's OpenAPI description is made from them.
    """
    with tempfile.TemporaryDirectory() as scratch:
        binary = Path(scratch) / "descriptors.binpb"
        protoc(f"--descriptor_set_out={binary}", "--include_source_info", *protos)
        files = descriptor_pb2.FileDescriptorSet.FromString(binary.read_bytes()).file
    found: dict[str, str] = {}
    for file in files:
        if file.package == "smith.core.v1":
            texts = {tuple(at.path): at.leading_comments for at in file.source_code_info.location}
            for full_name, path in elements(file):
                found[full_name] = "\n".join(line.strip() for line in texts.get(path, "").strip().splitlines())
    lines = [f"    {name!r}: {text!r},\n" for name, text in sorted(found.items())]
    head = '"""The comments of the protos of smith.core.v1 by full name. Generated, never edited."""\n\n'
    module = target / "smith" / "core" / "v1" / "comments.py"
    module.write_text(f"{head}COMMENTS: dict[str, str] = {{\n{''.join(lines)}}}\n", encoding="utf-8")


def elements(file: descriptor_pb2.FileDescriptorProto) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Full name and place (as `SourceCodeInfo.Location.path` counts it) of each message, field, service, RPC, enum and
    value of an enum (a value's name follows its enum's, although protobuf puts it into the enum's scope)."""
    for i, message in enumerate(file.message_type):
        yield f"{file.package}.{message.name}", (4, i)
        for j, field in enumerate(message.field):
            yield f"{file.package}.{message.name}.{field.name}", (4, i, 2, j)
    for i, service in enumerate(file.service):
        yield f"{file.package}.{service.name}", (6, i)
        for j, rpc in enumerate(service.method):
            yield f"{file.package}.{service.name}.{rpc.name}", (6, i, 2, j)
    for i, enum in enumerate(file.enum_type):
        yield f"{file.package}.{enum.name}", (5, i)
        for j, value in enumerate(enum.value):
            yield f"{file.package}.{enum.name}.{value.name}", (5, i, 2, j)


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


def cli_contract(generated: Path) -> str:
    """The module that tells the command-line client what the API takes: from a process that loads the fresh `smith`."""
    ran = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, ROOT / "scripts" / "cli_contract.py"],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(generated)},
    )
    return ran.stdout


def differences(left: Path, right: Path) -> list[str]:
    """Paths of files that exist on one side only or differ."""
    names = files(left) | files(right)
    return sorted(
        str(n)
        for n in names
        if not ((left / n).exists() and (right / n).exists() and filecmp.cmp(left / n, right / n, shallow=False))
    )


def files(folder: Path) -> set[Path]:
    """The files below a folder, without what Python leaves there."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path for path in found if "__pycache__" not in path.parts}


def main() -> None:
    """Generates, or checks with `--check`."""
    with tempfile.TemporaryDirectory() as scratch:
        # In a subfolder: the scratch folder is closed to other users, and copytree would copy that.
        target = Path(scratch) / "gen"
        target.mkdir()
        generate(target)
        fresh = target / SMITH.name
        contract = cli_contract(target)
        if "--check" in sys.argv:
            compiled = [SMITH / name for name in differences(fresh, SMITH)]
            refuse_stale([*compiled, *stale_among({CLI_CONTRACT: contract})], "make proto")
            return
        write({CLI_CONTRACT: contract})
        shutil.rmtree(SMITH, ignore_errors=True)
        shutil.copytree(fresh, SMITH)


if __name__ == "__main__":
    main()
