"""Where secrets must not be: in the database and in logs."""

import asyncio
import secrets
from contextlib import aclosing
from pathlib import Path

import pytest
from smith.core.v1.device_pb2 import APNS_ENVIRONMENT_SANDBOX

from service_kit.client import open_channel
from tests.core.conftest import NewDatabase
from tests.core.harness import PASSWORD, Account, Core, refusal, start_account
from tests.core.processes import core_process, serving_address


async def use_everything(account: Account) -> list[str]:
    """Makes one of each secret and uses it well and wrongly; answers with the secrets."""
    core = account.core
    _, key = await account.add_key()
    await refusal(core.caller(key).SendPushNotification(title="hello"))
    code = (await account.owner.CreatePairingCode()).pairing_code
    phone = await account.add_phone()
    await phone.caller.PutDeviceTokens(push_token=secrets.token_hex(32), environment=APNS_ENVIRONMENT_SANDBOX)
    password = "a wrong guess at it"
    await refusal(core.caller().CreateSession(email=account.email, password=password))
    email = f"other.{account.email}"
    await account.owner.CreateInvites(emails=[email])
    invite = await account.invite_token(email)
    await refusal(core.caller().AcceptInvite(token=invite, password="short"))
    await refusal(core.caller().GetInvite(token=f"{invite}x"))
    joined = await core.caller().AcceptInvite(token=invite, password="another password")
    webhook_secret = (await account.owner.GetWebhookSecret()).webhook_secret
    session = await account.sign_in(email, "another password")
    await refusal(core.caller(key + "x").SendPushNotification(title="hello"))
    await refusal(core.caller(session).UpdateAccount(name="x"))
    await refusal(core.caller().PairDevice(pairing_code="0000-0000", name="x"))
    return [key, code, code.replace("-", ""), phone.secret, webhook_secret, session, account.session, password,
            "another password", PASSWORD, invite, joined.session_token]  # fmt: skip


async def test_the_database_holds_hashes_and_no_secret(core: Core, account: Account) -> None:
    used = await use_everything(account)
    tables = await core.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert len(tables) > 10
    rows = [str(await core.sql(f'SELECT t::text FROM "{table}" t')) for (table,) in tables]  # noqa: S608 - from the catalogue
    dump = "\n".join(rows)
    assert account.email in dump
    for secret in used:
        assert secret not in dump
        assert secret.encode().hex() not in dump


@pytest.mark.thorough
@pytest.mark.parametrize("log_format", ["text", "json"])
@pytest.mark.slow
async def test_logs_show_no_secret_at_the_most_talkative_level(
    new_database: NewDatabase, tmp_path: Path, log_format: str
) -> None:
    url = await asyncio.to_thread(new_database)
    with core_process(url, tmp_path / "log", log_format) as process:
        address = await asyncio.to_thread(serving_address, process, tmp_path / "log")
        async with open_channel(address) as channel, aclosing(Core(address, url, channel)) as core:
            used = await use_everything(await start_account(core))
            # Failures of ours, whose tracebacks are logged.
            account = await start_account(core)
            await core.sql("ALTER TABLE api_keys RENAME COLUMN hint TO hidden")
            await core.sql("ALTER TABLE users RENAME COLUMN created_at TO hidden")
            await account.owner.CreateInvites(emails=["somebody@team.test"])
            token = await account.invite_token("somebody@team.test")
            for call in (
                account.owner.CreateApiKey(name="k"),
                core.caller().AcceptInvite(token=token, password=PASSWORD),
            ):
                assert "incident" in (await refusal(call)).message
            used += [account.session, token, "$argon2id$"]
        process.terminate()
        assert await asyncio.to_thread(process.wait, 20) == 0
    log = (tmp_path / "log").read_text()
    assert "incident" in log
    for secret in used:
        assert secret not in log
