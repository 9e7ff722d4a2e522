"""What the documents say can be done, done: every command is run, and every answer is what they show."""

import json

import pytest

from tests.docs.answers import differences, documents, parse_pattern, same_text
from tests.docs.app import notifications, screens, start_pushes
from tests.docs.fields import add_tables
from tests.docs.reading import ROOT, Block, Document, names, read
from tests.docs.running import RUN, Ran, Workspace
from tests.docs.swift import Decoding, Property, SwiftTypes
from tests.team import Team

pytestmark = pytest.mark.usefixtures("_tidy")

SHELL = ("docs/quick-start.md", "a-shell-for-the-examples")
"""The section whose commands somebody has typed before those of a document that asks for it."""

PROTOCOL = "docs/device-protocol.md"
SMITH, ITEM = "in `smith`", "an item's"
"""Headings of its tables."""


def test_the_protocols_types_and_tables_are_all_that_a_phone_is_sent(owner: Team) -> None:
    protocol = read(PROTOCOL)
    types = SwiftTypes("\n".join(block.text for block in protocol.blocks if block.language == "swift"))
    add_tables((ROOT / PROTOCOL).read_text(), types, SMITH, "a button's", ITEM)
    types.structs["answer"] = {"live_activities": Property(f"[{ITEM}]", is_optional=False)}
    channel, channel_id = owner.channel()
    phone = owner.app(channel_id)
    decoding = Decoding()

    for aps in start_pushes(owner, phone, channel):
        types.decode(f"{aps['attributes-type']}.ContentState", aps["content-state"], decoding)
        types.decode(aps["attributes-type"], aps["attributes"], decoding)
    for screen in screens(owner, phone, channel):
        types.decode("answer", screen, decoding)
    for body in notifications(owner, phone, channel):
        types.decode(SMITH, body["smith"], decoding)

    assert decoding.failures == []
    # What the answer says beside the cards is for apps that wait for changes.
    assert set(decoding.unknown) == {".device", ".version"}, "keys of ours that the document does not name"
    named = types.keys("ActivitySmithAttributes", "answer", SMITH, "a button's", ITEM)
    # This server does not broadcast. tests/swift reads the channel of one that does.
    assert named - {(ITEM, "broadcast_channel_id")} == decoding.used, "nothing sends"


IN_EVERY_RUN = {"docs/quick-start.md", "docs/live-activities.md"}
"""Requests by curl; streams and what phones then show. In every run `tests/cli` runs the CLI's commands, and
`tests/sdk/test_hosts.py` the Python and JavaScript of `docs/sdks.md`."""


@pytest.mark.parametrize(
    "name", [name if name in IN_EVERY_RUN else pytest.param(name, marks=pytest.mark.thorough) for name in names()]
)
def test_every_command_works_and_answers_what_the_document_shows(name: str, workspace: Workspace) -> None:
    document = read(name)
    before, blocks = _shell(document), _runnable(document)
    ran = workspace.run(name, before + blocks)[len(before) :]
    wrong = [text for one in ran for text in _wrong(document, one)]
    assert not wrong, "\n".join(wrong)


def _runnable(document: Document) -> list[Block]:
    return [block for block in document.blocks if block.language in RUN and block.not_run is None]


def _shell(document: Document) -> list[Block]:
    """The commands that the document expects to have been run, if it links to them."""
    name, section = SHELL
    if not any(link.endswith(f"#{section}") for link in document.links) or document.name == name:
        return []
    return [block for block in _runnable(read(name)) if block.section == section]


def _wrong(document: Document, ran: Ran) -> list[str]:
    """How what was answered differs from what the document shows after the command."""
    where = f"{document.name}:{ran.block.line}"
    wrong = []
    if ran.block.answers is not None and ran.block.answers not in ran.statuses:
        wrong.append(f"{where} is answered with {ran.statuses}, not {ran.block.answers}")
    for shown in _shown_after(document, ran.block):
        if shown.language == "text":
            if not same_text(shown.text, ran.stdout):
                wrong.append(f"{where} prints\n{ran.stdout}\nand not\n{shown.text}")
            continue
        answered = documents(ran.stdout)
        if not answered:
            wrong.append(f"{where} answers no JSON but {ran.stdout!r}")
            continue
        found = list(differences(parse_pattern(shown.text), answered[-1]))
        wrong += [f"{where}: {one}; answered: {json.dumps(answered[-1], ensure_ascii=False)}" for one in found]
    return wrong


def _shown_after(document: Document, command: Block) -> list[Block]:
    """What the document shows the command to answer: the JSON or text before the next command."""
    following = document.blocks[document.blocks.index(command) + 1 :]
    shown: list[Block] = []
    for block in following:
        if block.language not in ("json", "text") or block.section != command.section:
            break
        if not block.is_example:
            shown.append(block)
    return shown
