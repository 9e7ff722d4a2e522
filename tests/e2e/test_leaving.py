"""Over REST: an account takes its data with it, is deleted, and leaves nothing on phones; its neighbour stays."""

import json
import uuid
from pathlib import Path

import pytest

from tests.e2e.conftest import MakeBackend, second_account
from tests.smith_command import answer, refuse
from tests.stack import Stack
from tests.team import Team, push

STATE = {"title": "Deploy", "type": "progress", "percentage": 5}


@pytest.fixture
def leaver(stack: Stack) -> Team:
    """An account of this test's own."""
    return second_account(stack)


def test_an_export_comes_as_one_json_object(leaver: Team, team: Team) -> None:
    leaver.phone()
    title = f"to take along {uuid.uuid4().hex}"
    assert push(leaver.key(), title=title).status_code == 200
    said = leaver.owner.get("/api/account/export")
    assert (said.status_code, said.headers["content-type"]) == (200, "application/json")
    export = said.json()
    assert (export["format"], export["complete"]) == ("smith-account-export", True)
    assert [one["title"] for one in export["push_notifications"]] == [title]
    assert [one["state"] for one in export["deliveries"]] == ["accepted"]
    assert title not in team.owner.get("/api/account/export").text


def test_an_export_is_for_owners_and_takes_nothing(leaver: Team) -> None:
    assert leaver.anybody.get("/api/account/export").status_code == 401
    refused = leaver.key().get("/api/account/export")
    assert (refused.status_code, refused.json()["error"]) == (403, "Forbidden")
    assert leaver.owner.get("/api/account/export?page=2").status_code == 400
    head = leaver.owner.head("/api/account/export")
    assert (head.status_code, head.content) == (200, b"")


def test_a_deleted_account_leaves_nothing_on_its_phone_and_its_neighbour_stays(
    leaver: Team, team: Team, stack: Stack, make_backend: MakeBackend
) -> None:
    phone, key = leaver.phone(), leaver.key()
    activity_id = make_backend(key).start(STATE)["activity_id"]
    phone.shows_activity(activity_id)
    phone.live(activity_id)
    refused = leaver.owner.request("DELETE", "/api/account", json={"password": "wrong", "account_name": "Neighbours"})
    assert refused.status_code == 403
    body = {"password": stack.owner_password, "account_name": "Neighbours"}
    closed = leaver.owner.request("DELETE", "/api/account", json=body)
    assert (closed.status_code, closed.json()) == (200, {"members": 1, "devices": 1})
    for refused in (push(key, title="late"), leaver.owner.get("/api/account")):
        assert refused.status_code == 401
    phone.shows_no_activity(activity_id)
    assert team.owner.get("/api/account").status_code == 200


def test_a_person_leaves_the_server(team: Team) -> None:
    email = f"{team.unique('leaver')}@example.com"
    joined = team.join(email, "ten letters")
    person = team.client(joined["session_token"])
    assert person.request("DELETE", "/api/profile", json={"password": "ten letters"}).json() == {"accounts": 1}
    assert person.get("/api/account").status_code == 401
    again = team.anybody.post("/api/sessions", json={"email": email, "password": "ten letters"})
    assert again.status_code == 401


@pytest.mark.thorough
def test_a_workspace_is_exported_from_a_shell(leaver: Team, stack: Stack, tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    owner = {
        "SMITH_OWNER_EMAIL": leaver.ask("GET", "/api/account")["member"]["email"],
        "SMITH_OWNER_PASSWORD": stack.owner_password,
    }
    made = answer(stack.data_dir, "account", "export", "--output", file, **owner)
    export = json.loads(file.read_text())
    assert (made["path"], made["bytes"]) == (str(file), file.stat().st_size)
    assert (export["account"]["name"], export["complete"]) == ("Neighbours", True)
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]
    assert "exists" in refuse(stack.data_dir, "account", "export", "--output", file, code=2, **owner)
