"""The page of API keys."""

from nicegui import ElementFilter, ui
from nicegui.testing import User
from smith.core.v1.api_key_pb2 import API_KEY_SCOPE_CHANNELS

from tests.admin.looking import fill, named, press, sees, sees_no
from tests.core.harness import Account
from tests.waiting import eventually_async


async def test_who_has_no_key_is_told_what_to_do(owner: User) -> None:
    await owner.open("/api-keys")
    await sees(owner, "No API keys yet", "Create your first key")


async def test_a_new_keys_secret_is_shown_once_with_a_ready_curl(owner: User, account: Account) -> None:
    await owner.open("/api-keys")
    await press(owner, "Create API key")
    await fill(owner, "Name", "CI pipeline")
    await press(owner, "Create key")
    await sees(owner, "Your new API key", "Authorization: Bearer $ACTIVITYSMITH_API_KEY")
    with owner:
        secrets = {element.text for element in ElementFilter(content="ask_") if str(element.text).startswith("ask_")}
    [secret] = [text for text in secrets if not str(text).endswith("…")]
    await owner.open("/api-keys")
    await sees(owner, "CI pipeline", "All recipients", "never")
    await sees_no(owner, secret)
    assert (await account.core.caller(secret).ListDeliveryAttempts()).delivery_attempts == []


async def test_a_key_is_scoped_to_channels_and_edited(owner: User, account: Account) -> None:
    await account.add_channel("ops")
    await account.add_key(name="narrow", scope=API_KEY_SCOPE_CHANNELS, channels=["ops"])
    await owner.open("/api-keys")
    await sees(owner, "Some channels", "ops")
    await press(owner, "Edit narrow")
    await fill(owner, "Name", "wider")
    await press(owner, "Save")

    async def is_renamed() -> bool:
        return [key.name for key in (await account.owner.ListApiKeys()).api_keys] == ["wider"]

    await eventually_async("the key has its new name", is_renamed)
    await sees(owner, "wider")


async def test_what_is_wrong_with_a_key_is_said_in_the_dialog(owner: User) -> None:
    await owner.open("/api-keys")
    await press(owner, "Create API key")
    await press(owner, "Create key")
    [field] = named(owner, ui.input, "Name")

    async def complaint() -> bool:
        return bool(field.error == "Give the key a name.")

    await eventually_async("the field says what is missing", complaint)


async def test_a_channel_that_is_gone_meanwhile_is_told_at_the_channels(owner: User, account: Account) -> None:
    channel_id = await account.add_channel("ops")
    await owner.open("/api-keys")
    await press(owner, "Create API key")
    await fill(owner, "Name", "CI")
    with owner:
        [scope] = ElementFilter(kind=ui.radio)
        scope.value = API_KEY_SCOPE_CHANNELS
    await fill(owner, "Channels", ["ops"])
    await account.owner.DeleteChannel(channel_id=channel_id)
    await press(owner, "Create key")

    async def complaint() -> bool:
        [field] = named(owner, ui.select, "Channels")
        return (field.error or "") == "Channels must be the slug of a channel in the account"

    await eventually_async("the field says what is wrong", complaint)


async def test_revoking_asks_first_and_is_for_good(owner: User, account: Account) -> None:
    await account.add_key(name="old")
    await owner.open("/api-keys")
    await press(owner, "Revoke old")
    await sees(owner, "This cannot be undone.")
    await press(owner, "Cancel")
    assert len((await account.owner.ListApiKeys()).api_keys) == 1
    await press(owner, "Revoke old")
    await press(owner, "Revoke key")
    await sees(owner, "No API keys yet")
    assert not (await account.owner.ListApiKeys()).api_keys
