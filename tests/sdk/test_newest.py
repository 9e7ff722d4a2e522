"""`make newest` says what is new in the official SDKs, and fails where this server does not serve them."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.sdk.newest.__main__ import report
from tests.sdk.newest.surface import Surface, differences, node_surface, python_surface, surface
from tests.sdk.newest.trial import new_examples, news
from tests.sdk.packages import LANGUAGES, PINNED
from tests.sdk.programs import REPOSITORY, node_is_installed
from tests.sdk.readme import Example

PYTHON_MODEL = """
class PushRequest(BaseModel):
    title: StrictStr
    {fields}
    additional_properties: Dict[str, Any] = {{}}
    __properties: ClassVar[List[str]] = ["title"]

    @field_validator("level")
    def level_validate_enum(cls, value):
        if value not in set([{levels}]):
            raise ValueError("must be one of them")
        return value

class Color(str, Enum):
    {colors}
"""
PYTHON_CLIENT = """
class Notifications:
    def _hidden(self): ...
    def send(self): ...
    {methods}
"""
NODE_MODEL = """export interface PushRequest {{
    /**
     * @type {{string}}
     */
    title: string;
    {fields}
}}
export declare const PushRequestLevelEnum: {{
    {levels}
}};
"""
NODE_CLIENT = """export declare class Notifications {{
    private readonly api;
    constructor(api: Api);
    static readonly alertIcon: typeof alertIcon;
    send(request: PushRequest): Promise<Answer>;
    {methods}
}}
"""


def python_tree(
    folder: Path, *, fields: str = "", levels: str = "'quiet'", colors: str = "RED = 'red'", methods: str = ""
) -> Surface:
    """A package of these parts, read back."""
    models, client = folder / "activitysmith_openapi" / "models", folder / "activitysmith"
    for one in (models, client):
        one.mkdir(parents=True, exist_ok=True)
    models.joinpath("push.py").write_text(PYTHON_MODEL.format(fields=fields, levels=levels, colors=colors))
    client.joinpath("client.py").write_text(PYTHON_CLIENT.format(methods=methods))
    return python_surface(folder)


def node_tree(
    folder: Path, *, fields: str = "", levels: str = 'readonly Quiet: "quiet";', methods: str = ""
) -> Surface:
    """A package of these parts, read back."""
    models, client = folder / "generated" / "models", folder / "src"
    for one in (models, client):
        one.mkdir(parents=True, exist_ok=True)
    models.joinpath("index.d.ts").write_text(NODE_MODEL.format(fields=fields, levels=levels))
    client.joinpath("client.d.ts").write_text(NODE_CLIENT.format(methods=methods))
    return node_surface(folder)


def test_releases_that_offer_the_same_have_no_news(tmp_path: Path) -> None:
    assert differences(python_tree(tmp_path / "old"), python_tree(tmp_path / "new")) == []
    assert differences(node_tree(tmp_path / "old"), node_tree(tmp_path / "new")) == []


def test_what_is_new_or_gone_in_python_is_said(tmp_path: Path) -> None:
    old = python_tree(tmp_path / "old", fields="icon: Optional[StrictStr] = None")
    new = python_tree(
        tmp_path / "new",
        fields="sound: Optional[StrictStr] = None",
        levels="'quiet', 'loud'",
        colors="GRAY = 'gray'",
        methods="def replace(self): ...",
    )
    assert differences(old, new) == [
        "new field of PushRequest: sound",
        "gone field of PushRequest: icon",
        "new value of Color: gray",
        "gone value of Color: red",
        "new value of PushRequest.level: loud",
        "new method of Notifications: replace",
    ]


def test_what_is_new_or_gone_in_node_is_said(tmp_path: Path) -> None:
    old = node_tree(tmp_path / "old", fields="icon?: string;")
    new = node_tree(
        tmp_path / "new",
        fields="'sound'?: string;",
        levels='readonly Quiet: "quiet";\n    readonly Loud: "loud";',
        methods="replace(id: string): Promise<Answer>;",
    )
    assert differences(old, new) == [
        "new field of PushRequest: sound",
        "gone field of PushRequest: icon",
        "new value of PushRequestLevelEnum: loud",
        "new method of Notifications: replace",
    ]


def test_a_whole_new_model_is_said_with_its_fields() -> None:
    with_badge = Surface(fields={"Push": {"title"}, "Badge": {"badge", "target"}})
    without = Surface(fields={"Push": {"title"}})
    assert differences(without, with_badge) == ["new: Badge, with the fields badge, target"]
    assert differences(with_badge, without) == ["gone: Badge, which had the fields badge, target"]


def test_examples_that_a_readme_has_got_and_lost_are_said() -> None:
    kept, lost, got = (Example("node", name, 0, f"await {name}();") for name in ("kept", "lost", "got"))
    assert list(new_examples([kept, lost], [kept, got])) == [
        "node: got: new example in the README",
        "node: lost: gone example in the README",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pinned_packages_are_read(language: str) -> None:
    node_is_installed()
    found = surface(language, PINNED.code(language))
    assert found.fields["PushNotificationRequest"] >= {"title", "message", "tags"}
    assert "send" in found.methods["NotificationsResource"]
    assert any("segmented_progress" in values for values in found.values.values())
    assert not any("additional_properties" in names for names in found.fields.values())


def test_the_pinned_packages_are_no_news_to_themselves() -> None:
    node_is_installed()
    assert list(news(PINNED, PINNED)) == []


def test_a_failure_is_the_exit_code_and_news_are_not(capsys: pytest.CaptureFixture[str]) -> None:
    node_is_installed()
    assert report(PINNED, ["python: version 2.0.0; the tests run 1.14.0"], []) == 0
    assert "version 2.0.0" in capsys.readouterr().out
    assert report(PINNED, [], ["node: Tags: ResponseError 400"]) == 1
    told = capsys.readouterr().out
    assert "Failed: 1" in told
    assert "node: Tags: ResponseError 400" in told


def test_a_registry_that_does_not_answer_is_told_in_a_sentence() -> None:
    node_is_installed()
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:1/simple", "PIP_RETRIES": "0", "PIP_NO_CACHE_DIR": "1"}
    ended = subprocess.run(
        [sys.executable, "-m", "tests.sdk.newest"],
        cwd=REPOSITORY, env=nowhere, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ended.returncode == 2
    assert ended.stderr.startswith("NOTHING TRIED: pip could not install the newest activitysmith from the registry")
    assert "Traceback" not in ended.stderr
