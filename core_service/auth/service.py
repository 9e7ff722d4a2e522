"""What the other areas and the wiring use of this one."""

from core_service.auth.api_keys import ApiKeys, NewKey, ScopedKey
from core_service.auth.password_change import PasswordChanges
from core_service.auth.passwords import Passwords
from core_service.auth.sessions import (
    MIN_PASSWORD_LENGTH,
    PASSWORD_LENGTH,
    OpenSession,
    Sessions,
    SignIn,
    add_session,
    require_same_password,
)

__all__ = [
    "MIN_PASSWORD_LENGTH", "PASSWORD_LENGTH", "ApiKeys", "NewKey", "OpenSession", "PasswordChanges", "Passwords",
    "ScopedKey", "Sessions", "SignIn", "add_session", "require_same_password",
]  # fmt: skip
