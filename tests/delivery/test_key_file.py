"""A key file that is wrong and then right is noticed without a restart."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from delivery_service.problem_log import ProblemLog
from delivery_service.signing_key import CHECK_SECONDS, KeyFile, load_key
from tests.delivery.conftest import Start
from tests.delivery.harness import ACCEPTED, MISCONFIGURED, Apns, push, tally
from tests.waiting import eventually_async

pytestmark = [pytest.mark.slow, pytest.mark.thorough]


def new_key() -> str:
    """A key that APNs does not know, as it stands in a file."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


async def test_a_key_file_that_is_repaired_is_noticed_without_a_restart(
    apns: Apns, start: Start, tmp_path: Path
) -> None:
    file, good = tmp_path / "AuthKey.p8", (apns.process.folder / "AuthKey.p8").read_bytes()

    async def outcome(expected: tuple[int, str]) -> bool:
        return tally(await service.deliver(push(count=1))) == {expected: 1}

    async with start(SMITH_APNS_KEY_FILE=str(file)) as service:
        assert await outcome((MISCONFIGURED, "ProviderKeyUnreadable"))
        file.write_bytes(new_key().encode())
        await eventually_async("the wrong key is used", lambda: outcome((MISCONFIGURED, "InvalidProviderToken")))
        file.write_bytes(good)
        await eventually_async("the right key is used", lambda: outcome((ACCEPTED, "")))


def test_a_key_in_use_serves_on_while_its_file_is_away_or_half_written(tmp_path: Path) -> None:
    file, clock = tmp_path / "AuthKey.p8", [0.0]
    file.write_text(new_key())
    held = KeyFile(file, ProblemLog(), variable="SMITH_KEY_FILE", without="nothing", clock=lambda: clock[0])
    key = held.key()
    assert key is not None
    for content in (None, "-----BEGIN PRI", ""):
        file.unlink(missing_ok=True)
        if content is not None:
            file.write_text(content)
        clock[0] += CHECK_SECONDS
        assert held.key() is key
    file.write_text(other := new_key())
    assert held.key() is key, "the file is not looked at with every push"
    clock[0] += CHECK_SECONDS
    assert held.key() is not None
    assert held.key().private_numbers() == load_key(other).private_numbers()
