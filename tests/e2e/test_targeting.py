"""Whom a push reaches: the documented lines on scopes and channels."""

from tests.e2e.conftest import Audience
from tests.team import Phone, Team, push

SCOPE_VIOLATION = (
    "This API key can only target assigned channels. Requested channels include channels outside this key scope."
)


def test_a_key_of_scope_all_without_a_target_reaches_everybody(team: Team, audience: Audience) -> None:
    outsider = team.phone(user_id=team.person())
    push(team.key(), title="to all")
    audience.phone.shows("to all")
    outsider.shows("to all")


def test_a_key_of_scope_all_with_a_target_reaches_only_those_channels(team: Team, audience: Audience) -> None:
    other_slug, other_id = team.channel()
    other = team.phone(channel_id=other_id)
    outsider = team.phone()
    answer = push(team.key(), title="to two", target={"channels": [other_slug, audience.slug]}).json()
    assert answer["effective_channel_slugs"] == [other_slug, audience.slug]
    assert answer["devices_notified"] == 2
    audience.phone.shows("to two")
    other.shows("to two")
    assert "to two" not in outsider.titles()


def test_a_channel_scoped_key_without_a_target_reaches_its_channels(team: Team, audience: Audience) -> None:
    other_slug, other_id = team.channel()
    other = team.phone(channel_id=other_id)
    answer = push(team.key(audience.slug, other_slug), title="scoped").json()
    assert set(answer["effective_channel_slugs"]) == {audience.slug, other_slug}
    audience.phone.shows("scoped")
    other.shows("scoped")


def test_a_channel_scoped_key_may_target_a_subset_of_its_channels(team: Team, audience: Audience) -> None:
    other_slug, other_id = team.channel()
    other = team.phone(channel_id=other_id)
    key = team.key(audience.slug, other_slug)
    assert push(key, title="subset", target={"channels": [audience.slug]}).json()["devices_notified"] == 1
    audience.phone.shows("subset")
    assert "subset" not in other.titles()


def test_a_channel_scoped_key_outside_its_channels_gets_the_documented_403(team: Team, audience: Audience) -> None:
    foreign, _ = team.channel()
    for slugs in ([foreign], [audience.slug, foreign], ["no-such-channel"]):
        refused = push(audience.key, title="outside", target={"channels": slugs})
        assert refused.status_code == 403
        assert refused.json() == {"error": "Invalid channel targeting", "message": SCOPE_VIOLATION}
    assert "outside" not in audience.phone.titles()


def test_a_phone_in_two_matching_channels_is_notified_once(team: Team) -> None:
    person = team.person()
    phone = team.phone(user_id=person)
    first, first_id = team.channel()
    second, second_id = team.channel()
    team.assign_device(first_id, phone)
    team.assign_user(second_id, person)
    team.assign_user(first_id, person)
    answer = push(team.key(), title="once", target={"channels": [first, second, first]}).json()
    assert (answer["devices_notified"], answer["users_notified"]) == (1, 1)
    assert answer["effective_channel_slugs"] == [first, second]
    assert phone.shows("once")


def test_assigning_a_person_reaches_all_their_phones_also_later_ones(team: Team) -> None:
    person = team.person()
    slug, channel_id = team.channel()
    team.assign_user(channel_id, person)
    phones: list[Phone] = [team.phone(user_id=person), team.phone(user_id=person)]
    answer = push(team.key(slug), title="both phones").json()
    assert (answer["devices_notified"], answer["users_notified"]) == (2, 1)
    for phone in phones:
        phone.shows("both phones")


def test_an_empty_channel_is_a_404_with_the_channel(team: Team) -> None:
    empty, _ = team.channel()
    answer = push(team.key(), title="void", target={"channels": [empty]})
    assert answer.status_code == 404
    assert answer.json() == {
        "error": "No recipients found",
        "message": "No devices matched the effective channel target",
        "effective_channel_slugs": [empty],
    }


def test_even_an_error_that_lists_hundreds_of_channels_arrives(team: Team) -> None:
    slugs = [team.channel()[0].ljust(64, "x") for _ in range(150)]
    for slug in slugs:
        team.ask("POST", "/api/channels", slug=slug)
    answer = push(team.key(*slugs), title="void")
    assert answer.status_code == 404
    assert len(answer.json()["effective_channel_slugs"]) == 150


def test_an_unknown_channel_is_named(team: Team, audience: Audience) -> None:
    answer = push(team.key(), title="x", target={"channels": [audience.slug, "no-such-channel"]})
    assert answer.status_code == 400
    assert answer.json() == {
        "error": "Invalid channel targeting",
        "message": "target.channels[1]: there is no channel with the slug no-such-channel",
        "field": "target.channels[1]",
    }


def test_a_key_whose_last_channel_was_deleted_reaches_no_device(team: Team, audience: Audience) -> None:
    team.ask("DELETE", f"/api/channels/{audience.channel_id}")
    answer = push(audience.key, title="orphan key")
    assert answer.status_code == 404
    assert answer.json()["effective_channel_slugs"] == []
    assert "orphan key" not in audience.phone.titles()


def test_a_renamed_channel_is_reached_by_its_new_slug_on_the_next_request(team: Team, audience: Audience) -> None:
    renamed = team.unique("renamed")
    team.ask("PATCH", f"/api/channels/{audience.channel_id}", slug=renamed)
    assert push(audience.key, title="renamed").json()["effective_channel_slugs"] == [renamed]
    assert push(team.key(), title="old name", target={"channels": [audience.slug]}).status_code == 400


def test_a_revoked_key_is_refused_on_the_next_request(team: Team) -> None:
    created = team.ask("POST", "/api/api-keys", name="short-lived")
    key = team.client(created["secret"])
    team.phone()
    assert push(key, title="still good").status_code == 200
    team.ask("DELETE", f"/api/api-keys/{created['api_key']['id']}")
    refused = push(key, title="revoked")
    assert refused.status_code == 401
    assert refused.json()["error"] == "Unauthorized"


def test_an_edited_scope_is_obeyed_on_the_next_request(team: Team, audience: Audience) -> None:
    created = team.ask("POST", "/api/api-keys", name="narrowed")
    key = team.client(created["secret"])
    outsider = team.phone()
    team.ask("PATCH", f"/api/api-keys/{created['api_key']['id']}", scope="channels", channels=[audience.slug])
    assert push(key, title="narrow").json()["devices_notified"] == 1
    assert "narrow" not in outsider.titles()
