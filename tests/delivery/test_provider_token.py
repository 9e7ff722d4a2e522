"""The provider token: one for all replicas, at most two an hour."""

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from delivery_service.apns.provider_token import (
    CLOCK_SKEW,
    STEP,
    ProviderToken,
)
from delivery_service.signing_key import InvalidKey, load_key

KEY = ec.generate_private_key(ec.SECP256R1())
OTHER_KEY = ec.generate_private_key(ec.SECP256R1())

moments = st.integers(min_value=1_700_000_000, max_value=4_000_000_000)


def provider(clock: list[float], key: ec.EllipticCurvePrivateKey = KEY) -> ProviderToken:
    return ProviderToken(lambda: key, key_id="ABC123DEFG", team_id="DEF123GHIJ", clock=lambda: clock[0])


def pem_of(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@given(moments, st.floats(min_value=0, max_value=STEP - 1e-3))
def test_all_replicas_show_the_same_token_within_a_step(moment: int, later: float) -> None:
    begin = moment // STEP * STEP + CLOCK_SKEW
    replica = load_key(pem_of(KEY))
    assert provider([float(begin)]).get_header() == provider([begin + later], replica).get_header()


@given(moments)
def test_the_token_verifies_and_is_neither_from_the_future_nor_near_its_end(moment: int) -> None:
    scheme, token = provider([float(moment)]).get_header()[1].decode().split(" ")
    assert scheme == "bearer"
    assert jwt.get_unverified_header(token)["kid"] == "ABC123DEFG"
    claims = jwt.decode(
        token, KEY.public_key(), algorithms=["ES256"], options={"verify_iat": False, "require": ["iss", "iat"]}
    )
    assert claims["iss"] == "DEF123GHIJ"
    assert CLOCK_SKEW <= moment - claims["iat"] < STEP + CLOCK_SKEW
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token, OTHER_KEY.public_key(), algorithms=["ES256"], options={"verify_iat": False})


@given(moments, st.lists(st.floats(min_value=0, max_value=120), max_size=100))
def test_a_process_makes_at_most_one_token_per_thirty_minutes(moment: int, pauses: list[float]) -> None:
    clock = [float(moment)]
    token = provider(clock)
    headers = {token.get_header()}
    for pause in pauses:
        clock[0] += pause
        headers.add(token.get_header())
    assert len(headers) <= (clock[0] - moment) // STEP + 2


def test_a_token_is_signed_once_per_step() -> None:
    clock = [1_700_000_000.0]
    token = provider(clock)
    assert token.get_header() is token.get_header()


def test_a_clock_that_is_set_back_gives_the_earlier_token_again() -> None:
    clock = [1_700_000_000.0]
    token = provider(clock)
    before = token.get_header()
    clock[0] += STEP
    assert token.get_header() != before
    clock[0] -= STEP
    assert token.get_header() == before


@pytest.mark.parametrize(
    "text",
    [
        "",
        "AuthKey.p8",
        pem_of(ec.generate_private_key(ec.SECP384R1())),
        pem_of(rsa.generate_private_key(65537, 2048)),
    ],
)
def test_what_is_no_p256_key_is_refused(text: str) -> None:
    with pytest.raises(InvalidKey):
        load_key(text)
