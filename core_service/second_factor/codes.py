"""Codes of authenticator apps and recovery codes: how they are made, written and compared."""

import base64
import datetime as dt
import hashlib
import hmac
import re
import secrets

ISSUER = "ActivitySmith"
SECRET_BYTES = 20
"""160 bits, as RFC 4226 recommends."""
STEP_SECONDS = 30
DRIFT = 1
"""Steps by which the clock of a phone may be ahead or behind."""
RECOVERY_CODES = 10
RECOVERY_BYTES = 10
"""80 bits."""
DIGITS = re.compile(r"[0-9]{6}")
RECOVERY = re.compile(r"[a-z2-7]{16}")


def new_secret() -> bytes:
    """A secret for an app."""
    return secrets.token_bytes(SECRET_BYTES)


def spelled(secret: bytes) -> str:
    """The secret as people type it: base 32."""
    return base64.b32encode(secret).decode()


def uri_of(secret: bytes, email: str) -> str:
    """The secret as apps read it from a QR code."""
    import pyotp

    return pyotp.TOTP(spelled(secret)).provisioning_uri(name=email, issuer_name=ISSUER)


def step_of(secret: bytes, code: str, moment: dt.datetime) -> int | None:
    """The time step that the code is of, within one of this moment's; None if it is of none of them."""
    import pyotp

    if not DIGITS.fullmatch(code):
        return None
    app, present, found = pyotp.TOTP(spelled(secret)), int(moment.timestamp()) // STEP_SECONDS, None
    # All are compared, so that the time taken tells nothing. Of two with the same code the newer counts.
    for step in range(present - DRIFT, present + DRIFT + 1):
        if hmac.compare_digest(app.generate_otp(step), code):
            found = step
    return found


def typed(code: str) -> str:
    """The code without what people put between its letters."""
    return re.sub(r"[\s-]", "", code).lower()


def is_recovery_code(code: str) -> bool:
    """Whether the `typed` code has the form of a recovery code."""
    return RECOVERY.fullmatch(code) is not None


def new_recovery_codes() -> list[str]:
    """Ten codes, as they are shown: `abcd-efgh-ijkl-mnop`."""
    made = [base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode().lower() for _ in range(RECOVERY_CODES)]
    return ["-".join(re.findall("....", code)) for code in made]


def hash_of(code: str) -> bytes:
    """The hash of a recovery code, however it is written."""
    return hashlib.sha256(typed(code).encode()).digest()
