"""What gRPC clients are generated with, in each language that docs/grpc.md names."""

from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
TEMPLATES = {path.parent.name: path for path in (ROOT / "docs/examples/grpc").glob("*/buf.gen.yaml")}


def test_there_is_a_template_for_each_language_that_the_document_names() -> None:
    document = (ROOT / "docs/grpc.md").read_text()
    assert TEMPLATES
    assert {name for name in TEMPLATES if f"(examples/grpc/{name})" in document} == set(TEMPLATES)


@pytest.mark.parametrize("language", TEMPLATES)
def test_generators_run_on_the_machine_of_the_person_who_generates(language: str) -> None:
    plugins: list[dict[str, Any]] = yaml.safe_load(TEMPLATES[language].read_text())["plugins"]
    # A `remote` one would need a service of somebody else's, and tell it the API.
    assert plugins
    assert all(plugin.keys() & {"local", "protoc_builtin"} for plugin in plugins)


@pytest.mark.parametrize("language", TEMPLATES)
def test_the_only_input_is_what_the_project_publishes(language: str) -> None:
    template = yaml.safe_load(TEMPLATES[language].read_text())
    [source] = template["inputs"]
    assert (TEMPLATES[language].parent / source["directory"]).resolve() == ROOT / "proto"
