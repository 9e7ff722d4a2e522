"""What the documents lead to is there, and what stands in them is of a kind that the tests know."""

import pytest

from tests.docs.answers import parse_pattern
from tests.docs.reading import LANGUAGES, REASONS, ROOT, Document, names, read
from tests.docs.running import syntax_error

OTHERS = (
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "activitysmith-cli/README.md",
    "gen/README.md",
)
"""Documents whose links are tested and whose commands are those of other documents."""


@pytest.mark.parametrize("name", [*names(), *OTHERS])
def test_every_link_of_a_document_leads_somewhere(name: str) -> None:
    document = read(name)
    dead = [link for link in document.links if "://" not in link and not _exists(document, link)]
    assert not dead, f"{name} links to {', '.join(dead)}"


@pytest.mark.parametrize("name", names())
def test_every_block_says_what_it_is_and_why_it_is_not_run(name: str) -> None:
    document = read(name)
    wrong = [f"{name}:{line}: a code block without a fence" for line in document.indented]
    wrong += [f"{name}: {mark} stands before no block" for mark in document.strays]
    for block in document.blocks:
        where = f"{name}:{block.line}"
        if block.language not in LANGUAGES:
            wrong.append(f"{where}: {block.language or 'no language'} is not one of {', '.join(sorted(LANGUAGES))}")
        if block.not_run is not None and block.not_run not in REASONS:
            wrong.append(f"{where}: {block.not_run!r} is not one of {', '.join(sorted(REASONS))}")
        if block.not_run is not None and (error := syntax_error(block)):
            wrong.append(f"{where}: {error}")
        if block.language == "json":
            try:
                parse_pattern(block.text)
            except ValueError as error:
                wrong.append(f"{where}: {error}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", names())
def test_every_document_is_in_the_index(name: str) -> None:
    index = {target.partition("#")[0] for target in read("docs/README.md").links}
    own = name.removeprefix("docs/")
    assert own == "README.md" or own in index, f"docs/README.md does not lead to {name}"


def _exists(document: Document, link: str) -> bool:
    """Whether the file is there, and if it is a document, the heading in it."""
    target, _, anchor = link.partition("#")
    path = (ROOT / document.name).parent / target if target else ROOT / document.name
    if not path.exists():
        return False
    name = str(path.resolve().relative_to(ROOT))
    return not anchor or (path.suffix == ".md" and anchor in read(name).anchors)
