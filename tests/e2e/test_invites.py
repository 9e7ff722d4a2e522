"""An invite's way through all processes: asked for over REST, mailed to the simulator, accepted, removed."""

import re
from typing import Any

from tests.team import Team
from tests.waiting import eventually

LINK = re.compile(r"https?://\S+/invite/(inv_[A-Za-z0-9_-]+)")


def mails_to(team: Team, email: str) -> list[dict[str, Any]]:
    """What the simulator's mail sink has for the address."""
    return list(team.simulator.get("/mails", params={"to": email}).json()["mails"])


def test_an_invited_person_joins_with_the_link_in_the_mail_and_is_out_once_removed(team: Team) -> None:
    email = f"{team.unique('invited')}@example.com"
    good, bad = team.ask("POST", "/api/invites", emails=[email, "nobody"])["results"]
    assert good["invite"]["status"] == "pending"
    assert (bad["refusal"], bad["email"]) == ("bad_address", "nobody")

    [mail] = eventually("the mail arrives", lambda: mails_to(team, email))
    assert mail["subject"].endswith("invites you to My team")
    token = LINK.findall(mail["text"])[0]
    offer = team.anybody.post("/api/invite", json={"token": token}).json()
    assert (offer["email"], offer["account_name"], offer["has_login"]) == (email, "My team", False)
    listed = eventually(
        "the mail is known to be sent",
        lambda: [one for one in team.ask("GET", "/api/invites")["invites"] if one["email"] == email],
        until=lambda found: found[0]["mail"]["state"] == "sent",
    )
    assert listed[0]["expires_at"] == offer["expires_at"]

    body = {"token": token, "name": "Ann", "password": "ten letters"}
    joined = team.anybody.post("/api/invite/accept", json=body).json()
    assert joined["member"]["role"] == "member"
    person = team.client(joined["session_token"])
    assert person.get("/api/account").status_code == 200
    assert person.get("/api/invites").status_code == 403
    made = person.post("/api/api-keys", json={"name": "theirs"}).json()["api_key"]
    gone = team.owner.delete(f"/api/members/{joined['member']['user_id']}", params={"api_key_ids": made["id"]}).json()
    assert gone == {
        "sessions_ended": 1,
        "devices_unpaired": 0,
        "api_keys_revoked": 1,
        "invites_ended": 0,
        "pairing_codes_ended": 0,
    }
    assert person.get("/api/account").status_code == 401
    assert team.anybody.post("/api/invite/accept", json=body).status_code == 404


def test_the_last_owner_stays(team: Team) -> None:
    answer = team.owner.patch(f"/api/members/{team.owner_id}", json={"role": "member"})
    assert (answer.status_code, answer.json()["error"]) == (409, "Last owner")


def test_a_test_mail_arrives(team: Team) -> None:
    answer = team.ask("POST", "/api/test-mail")
    assert answer["outcome"] == "sent"
    assert mails_to(team, answer["sent_to"])
