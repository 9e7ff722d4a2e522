"""What the other areas and the wiring use of this one."""

from core_service.auth.api_keys import ApiKeys, NewKey, ScopedKey
from core_service.auth.passwords import Passwords
from core_service.auth.sessions import PASSWORD_LENGTH, OpenSession, Sessions, SignIn

__all__ = ["PASSWORD_LENGTH", "ApiKeys", "NewKey", "OpenSession", "Passwords", "ScopedKey", "Sessions", "SignIn"]
