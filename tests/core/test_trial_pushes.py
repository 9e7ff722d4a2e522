"""A test notification goes to the one device that it names, and says so wherever it is looked at."""

from tests.core.harness import Account, refusal


async def test_it_is_for_that_device_alone_also_when_it_is_sent_again(account: Account) -> None:
    phone = await account.add_startable_phone()
    await account.add_startable_phone()
    answer = (await account.owner.SendTestPushNotification(device_id=phone.id)).sent
    await account.owner.ReplayPushNotification(notification_id=answer.notification_id)
    again, first = (await account.owner.ListPushNotifications()).push_notifications
    assert again.replay_of == first.id == answer.notification_id
    for sent in (first, again):
        shown = await account.owner.GetPushNotification(notification_id=sent.id)
        assert [delivery.device_id for delivery in shown.deliveries] == [phone.id]
        assert shown.push_notification.device_id == sent.device_id == phone.id
        assert not sent.channels
    assert first.title == "Test notification"


async def test_nothing_is_recorded_for_a_device_without_a_working_token(account: Account) -> None:
    waiting, gone = await account.add_phone(), await account.add_startable_phone()
    await account.core.sql("UPDATE devices SET push_token_dead_reason = 'Unregistered' WHERE id = %s", gone.id)
    for phone in (waiting, gone):
        refused = await refusal(account.owner.SendTestPushNotification(device_id=phone.id))
        assert refused.reason == "NO_RECIPIENTS"
        assert "no push token that works" in refused.message
    assert not (await account.owner.ListPushNotifications()).push_notifications


async def test_it_is_not_sent_again_to_everybody_when_the_device_is_gone(account: Account) -> None:
    phone = await account.add_startable_phone()
    await account.add_startable_phone()
    answer = (await account.owner.SendTestPushNotification(device_id=phone.id)).sent
    await account.owner.DeleteDevice(device_id=phone.id)
    replay = account.owner.ReplayPushNotification(notification_id=answer.notification_id)
    assert (await refusal(replay)).reason == "NO_RECIPIENTS"


async def test_members_test_their_own_devices_and_owners_all(account: Account) -> None:
    member_id, member = await account.add_member()
    own, other = await account.add_startable_phone(member_id), await account.add_startable_phone()
    assert (await member.SendTestPushNotification(device_id=own.id)).sent.success
    assert (await refusal(member.SendTestPushNotification(device_id=other.id))).reason == "FORBIDDEN"
    assert (await account.owner.SendTestPushNotification(device_id=own.id)).sent.success
