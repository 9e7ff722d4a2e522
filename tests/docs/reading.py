"""What a document of this project says: its code blocks in order, its headings as anchors, what it links to."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
LAST = "docs/simulator.md"

NOT_RUN = re.compile(r"<!-- not run: (.+) -->")
ANSWERS = re.compile(r"<!-- answers ([1-5][0-9][0-9]) -->")
EXAMPLE = re.compile(r"<!-- example -->")
LANGUAGES = frozenset(
    {"bash", "go", "ini", "js", "json", "nginx", "php", "python", "ruby", "swift", "text", "ts", "xml", "yaml"}
)

REASONS = frozenset(
    {
        "starts the server",
        "stops the server",
        "takes minutes",
        "needs git",
        "needs grpcurl",
        "needs nginx",
        "needs protoc for Java",
        "needs the official CLI",
        "needs root",
        "needs systemd",
        "needs Docker",
        "needs GitHub",
        "needs another machine",
        "makes a release",
        "needs a PostgreSQL of your own",
        "part of a program",
        "run by tests/backup",
        "run by tests/cli",
        "run by tests/contract",
        "run by tests/other_languages",
        "run by tests/packaging",
        "run by tests/replicas",
        "run by tests/sdk",
        "run by tests/smith",
    }
)
"""Why a command may be in the documents and not be run by their tests."""


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of code."""

    language: str
    text: str
    line: int
    """Where its fence is, counted from 1."""
    section: str
    """Anchor of the heading that it stands under."""
    not_run: str | None
    """Why it is not run."""
    answers: int | None
    """The HTTP status that its request is answered with, if that is an error."""
    is_example: bool
    """JSON that is not what the command before it answered."""


@dataclass(frozen=True, slots=True)
class Document:
    """A Markdown file."""

    name: str
    """Relative to the project's folder."""
    blocks: tuple[Block, ...]
    anchors: frozenset[str]
    links: tuple[str, ...]
    """Targets of links and pictures, as they are written."""
    indented: tuple[int, ...]
    """Lines of code blocks without a fence, which say nothing of what they are."""
    strays: tuple[str, ...]
    """Comments that tell the tests something about a block and stand before none."""


def names() -> list[str]:
    """Every document whose commands are tested."""
    documents = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*.md"))
    # It puts the phones' clock forward, which cannot be undone: it comes last.
    documents.remove(LAST)
    return ["README.md", *documents, LAST]


@cache
def read(name: str) -> Document:
    """The document of this name."""
    tokens = MarkdownIt("commonmark").enable("table").parse((ROOT / name).read_text())
    anchors: dict[str, int] = {}
    blocks: list[Block] = []
    indented: list[int] = []
    strays: list[str] = []
    section, remarks = "", ""
    for place, token in enumerate(tokens):
        if token.type == "html_block":
            remarks += token.content
            continue
        if token.type == "heading_open":
            section = _anchor(tokens[place + 1].content, anchors)
        elif token.type == "code_block":
            indented.append(_line(token))
        elif token.type == "fence":
            blocks.append(_block(token, section, remarks))
            remarks = ""
        strays += _marks(remarks)
        remarks = ""
    return Document(
        name, tuple(blocks), frozenset(anchors), tuple(_links(tokens)), tuple(indented), (*strays, *_marks(remarks))
    )


def _block(token: Token, section: str, remarks: str) -> Block:
    not_run, answers = NOT_RUN.search(remarks), ANSWERS.search(remarks)
    return Block(
        language=token.info.strip(),
        text=token.content,
        line=_line(token),
        section=section,
        not_run=not_run and not_run[1],
        answers=int(answers[1]) if answers else None,
        is_example=bool(EXAMPLE.search(remarks)),
    )


def _marks(remarks: str) -> list[str]:
    return [found[0] for pattern in (NOT_RUN, ANSWERS, EXAMPLE) for found in pattern.finditer(remarks)]


def _line(token: Token) -> int:
    return (token.map or [0])[0] + 1


def _anchor(heading: str, taken: dict[str, int]) -> str:
    """As GitHub makes them: lower case, no punctuation, hyphens for spaces, a number if it is taken."""
    plain = re.sub(r"\[([^]]*)]\([^)]*\)", r"\1", heading).replace("`", "")
    slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
    count = taken[slug] = taken.get(slug, -1) + 1
    if count:
        slug = f"{slug}-{count}"
        taken[slug] = 0
    return slug


def _links(tokens: list[Token]) -> Iterator[str]:
    for token in tokens:
        for child in token.children or []:
            target = child.attrGet("href") if child.type == "link_open" else child.attrGet("src")
            if target and child.type in ("link_open", "image"):
                yield str(target)
