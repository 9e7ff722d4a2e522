"""New passwords are not easy to guess, wherever one is chosen; those that people have stay valid."""

import asyncio
import contextlib
import time
import uuid
from collections.abc import Awaitable, Callable

import pytest

from core_service.app import bootstrap
from core_service.auth.password_rules import PasswordTooEasy, own_words, refuse_easy
from tests.core.conftest import NewDatabase
from tests.core.harness import CHEAP_HASHER, PASSWORD, Account, refusal, start_core

EASY = "password12"
ADA = own_words("ada.lovelace@example.com", "Ada Lovelace", "Analytical Engines")


@pytest.mark.parametrize(
    "password",
    [
        "password12", "qwertyuiop", "1234567890", "iloveyou12", "aaaaaaaaaaaa", "abcdefghijk", "P@ssw0rd123",
        "activitysmith", "ActivitySmith1", "ada.lovelace@example.com", "lovelace12", "adalovelace", "Lovelace2026",
        "analytical1",
    ],
)  # fmt: skip
def test_what_is_guessed_soon_is_refused(password: str) -> None:
    with pytest.raises(PasswordTooEasy, match="new_password is too easy to guess: use three or") as refused:
        refuse_easy(password, ADA, "new_password")
    assert refused.value.fields == ("new_password",)


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery", "staple gun parade", "wG7-kelp-ocean-42", "ten letters", "zwölf Boxkämpfer jagen",
        "正しい馬の電池ホチキス", "Xy9$kLmQ2v", "ada likes purple teapots",
    ],
)  # fmt: skip
def test_what_is_not_is_taken(password: str) -> None:
    refuse_easy(password, ADA, "password")


@pytest.mark.parametrize("part", ["a", "1", "@$4310", "password", "aA1!", "qwertz", "😀", "\u0301"])
def test_long_passwords_cost_no_more_than_short_ones(part: str) -> None:
    """The longest that the API takes: 200 characters. Without a bound it would be a second."""
    began = time.process_time()
    with contextlib.suppress(PasswordTooEasy):
        refuse_easy(part * (200 // len(part)), ADA, "password")
    assert time.process_time() - began < 0.3


async def choosing_it(account: Account) -> dict[str, Callable[[str], Awaitable[object]]]:
    """Every way to a password, by the field that it is given in."""
    email = f"{uuid.uuid4().hex}@team.test"
    await account.owner.CreateInvites(emails=[email])
    user_id, _ = await account.add_member()
    link = (await account.owner.CreatePasswordResetLink(user_id=user_id)).url
    invite, reset = await account.invite_token(email), link.rpartition("/")[2]
    stranger = account.core.caller()
    return {
        "password": lambda new: stranger.AcceptInvite(token=invite, password=new),
        "new_password by a link": lambda new: stranger.ResetPassword(token=reset, new_password=new),
        "new_password": lambda new: account.owner.ChangePassword(current_password=PASSWORD, new_password=new),
    }


async def test_every_way_to_a_password_refuses_one_that_is_easy(account: Account) -> None:
    for way, choose in (await choosing_it(account)).items():
        refused = await refusal(choose(EASY))
        assert (refused.reason, refused.field) == ("PASSWORD_TOO_EASY", way.partition(" ")[0])
        # Nothing was used up.
        await choose("a good passphrase of several words")


async def test_the_first_account_and_the_operator_s_commands_refuse_it_too(new_database: NewDatabase) -> None:
    database_url = await asyncio.to_thread(new_database)
    code = "the code of this server"
    async with start_core(database_url, setup_code=code) as core:
        owner = {"account_name": "Acme", "email": "ada@acme.test"}
        call = core.caller().CreateAccount(setup_code=code, password=EASY, **owner)
        assert (await refusal(call)).reason == "PASSWORD_TOO_EASY"
    refused = await bootstrap.run(database_url, "ada@acme.test", EASY, "Acme")
    assert refused is not None
    assert "too easy to guess" in refused
    with pytest.raises(bootstrap.CannotMake, match="too easy"):
        await bootstrap.create_account(database_url, account_name="B", name=None, email="b@acme.test", password=EASY)


async def test_a_password_that_somebody_has_stays_valid(account: Account) -> None:
    hashed = CHEAP_HASHER.hash(EASY)
    await account.core.sql("UPDATE users SET password_hash = %s WHERE email = %s", hashed, account.email)
    assert (await account.sign_in(account.email, EASY)).startswith("ses_")
    # As `smith up` and containers do at every start.
    assert await bootstrap.run(account.core.database_url, account.email, EASY, "Acme") is None
    await account.owner.ChangePassword(current_password=EASY, new_password="a better passphrase")
