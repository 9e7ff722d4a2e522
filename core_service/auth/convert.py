"""Sessions as protobuf carries them."""

import uuid

from smith.core.v1 import session_pb2

from core_service.auth.challenges import Begun
from core_service.auth.sessions import OpenSession
from core_service.common.reading import to_timestamp


def to_session(one: OpenSession, *, current_id: uuid.UUID) -> session_pb2.Session:
    """The session without its secret; `current_id` is the one that asks."""
    session = one.session
    return session_pb2.Session(
        id=str(session.id),
        user_id=str(session.user_id),
        email=one.email,
        created_at=to_timestamp(session.created_at),
        expires_at=to_timestamp(session.expires_at),
        client_address=session.client_address,
        current=session.id == current_id,
    )


def to_challenge(begun: Begun) -> session_pb2.SecondFactorChallenge:
    """What finishes a sign-in, with its secret."""
    return session_pb2.SecondFactorChallenge(challenge=begun.token, expires_at=to_timestamp(begun.expires_at))
