"""The settings and the audit log: what owners change, and what members may see."""

import json
import re
from typing import Any

import pytest
from nicegui import ui
from nicegui.testing import User
from smith.core.v1.audit_entry_pb2 import AUDIT_ACTOR_ANONYMOUS, AUDIT_ACTOR_USER, AuditEntry
from smith.core.v1.json_object_pb2 import JsonObject

from admin_ui.audit_sentences import SENTENCES, actor_of, deed_of
from admin_ui.pages.audit_log import ACTS
from admin_ui.pages.settings import problem_of
from tests.admin.conftest import Open
from tests.admin.looking import fill, named, press, sees, sees_no
from tests.core.harness import PASSWORD, Account
from tests.waiting import eventually_async

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_owner_renames_the_workspace_and_sets_its_limits(owner: User, account: Account) -> None:
    await owner.open("/settings")
    await fill(owner, "Name", "Acme Berlin")
    await press(owner, "Save name")
    await fill(owner, "Requests per minute", 120)
    await press(owner, "Save Requests per minute")
    await sees(owner, "Server's default: 60 · now: 120")

    async def settings() -> tuple[str, int, int]:
        now = (await account.owner.GetAccount()).account
        return now.name, now.rate_limit_per_minute, now.max_live_activities

    async def are_saved() -> bool:
        return await settings() == ("Acme Berlin", 120, 4)

    await eventually_async("both are saved", are_saved)
    await press(owner, "Use default of Requests per minute")
    await sees(owner, "Server's default: 60 (in effect)")
    assert await settings() == ("Acme Berlin", 60, 4)


async def test_the_limit_of_a_phone_is_told_where_that_of_the_workspace_is(owner: User) -> None:
    await owner.open("/settings")
    await sees(owner, "One phone has at most 5 Live Activities at once, by this server's settings.")


async def test_a_limit_that_core_refuses_is_explained_at_its_field(owner: User) -> None:
    await owner.open("/settings")
    await fill(owner, "Live Activities at once", 10_001)
    await press(owner, "Save Live Activities at once")

    async def complaint() -> bool:
        [field] = named(owner, ui.number, "Live Activities at once")
        return "Live Activities at once must be 1 to 10000" in (field.error or "")

    await eventually_async("the field says what is wrong", complaint)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (0, "0 would refuse everything"),
        (-1, "Write a whole number from 1."),
        (1.5, "Write a whole number from 1."),
        (None, "Write a whole number from 1."),
        (99999999999999, "Write 2,147,483,647 at most."),
    ],
)
async def test_a_limit_that_cannot_be_one_is_refused_with_words(typed: float | None, told: str) -> None:
    assert (problem_of(typed) or "").startswith(told)


async def test_0_as_a_limit_changes_nothing_and_is_told(owner: User, account: Account) -> None:
    await owner.open("/settings")
    await fill(owner, "Live Activities at once", 0)
    await press(owner, "Save Live Activities at once")
    [field] = named(owner, ui.number, "Live Activities at once")

    async def complaint() -> bool:
        return (field.value, (field.error or "")[:7]) == (0, "0 would")

    await eventually_async("the field keeps what was typed and says why that cannot be", complaint)
    assert (await account.owner.GetAccount()).account.max_live_activities > 0


async def test_the_signing_secret_is_in_the_page_only_while_it_is_shown(owner: User, account: Account) -> None:
    secret = (await account.owner.GetWebhookSecret()).webhook_secret
    page = await owner.http_client.get("/settings")
    assert secret not in page.text
    await owner.open("/settings")
    await press(owner, "Show secret")
    await sees(owner, secret)
    await press(owner, "Replace")
    await press(owner, "Replace secret")
    await sees(owner, "This is the new secret.")
    await sees(owner, (await account.owner.GetWebhookSecret()).webhook_secret)
    await press(owner, "Hide")
    await sees_no(owner, "whsec_")


async def test_a_check_that_cannot_be_made_is_said_to_be(owner: User) -> None:
    await owner.open("/settings")
    await press(owner, "Check credentials")
    # There is no delivery service here; tests/core/test_apns_check.py has one.
    await sees(owner, "The delivery service cannot be reached")


async def test_a_member_sees_the_limits_and_can_change_nothing(member: User) -> None:
    await member.open("/settings")
    await sees(member, "An owner can change these.", "Requests per minute", "60", "Of them on one phone", "5 at most")
    for words in ("Save", "Check credentials", "Webhook signing secret", "Audit log"):
        await member.should_not_see(words)
    await member.open("/settings/audit-log")
    await sees(member, "For owners")


async def test_the_audit_log_tells_in_sentences_and_is_filtered(admin: Open, account: Account) -> None:
    member_id, caller = await account.add_member()
    await account.add_channel("ops")
    await caller.CreateChannel(slug="releases")
    await account.add_key(name="ci")
    owner = admin(account.session)
    await owner.open("/settings/audit-log")
    await sees(owner, "created the channel “ops”", "created the API key “ci”", account.email)
    await fill(owner, "What", "CreateApiKey")
    await sees_no(owner, "created the channel “ops”")
    await sees(owner, "created the API key “ci”")
    await owner.open(f"/settings/audit-log?actor={member_id}")
    await sees(owner, "created the channel “releases”")
    await owner.should_not_see("created the channel “ops”")
    await press(owner, "Details of: created the channel “releases”")
    await sees(owner, '{"slug": "releases"}', "CreateChannel")


def entry(method: str, actor: Any = AUDIT_ACTOR_USER, actor_name: str = "ann@team.test", /, **asked: Any) -> AuditEntry:
    return AuditEntry(method=method, actor=actor, actor_name=actor_name, request=JsonObject(json=json.dumps(asked)))


async def test_every_act_has_a_sentence_that_is_no_method_name() -> None:
    assert {"CreateApiKey", "UpdateDevice", "PauseLiveActivityStream"} <= set(ACTS)
    for act in ACTS:
        said = deed_of(entry(act))
        assert re.fullmatch(r"[a-z][A-Za-z -]+", said), said
        assert not re.search(r" (as|to|with|from|of)$", said), f"the sentence of {act} stops in its middle: {said}"
    assert deed_of(entry("UpdateAccount", rate_limit_per_minute=0)) == "set the rate limit to the default"
    assert deed_of(entry("ResendInvite", email="ben@team.test")) == "sent the invite of “ben@team.test” again"
    assert set(SENTENCES) <= set(ACTS)


async def test_who_signs_in_is_named_and_a_phone_is_a_phone() -> None:
    signing_in = entry("CreateSession", AUDIT_ACTOR_ANONYMOUS, "", email="ann@team.test", password=PASSWORD)
    assert (actor_of(signing_in), deed_of(signing_in)) == ("ann@team.test", "signed in")
    pairing = entry("PairDevice", AUDIT_ACTOR_ANONYMOUS, "", name="Ann's iPhone")
    assert f"{actor_of(pairing)} {deed_of(pairing)}" == "A phone was paired as “Ann's iPhone”"
