"""Accounts and members as protobuf carries them."""

from typing import Any

from smith.core.v1 import account_pb2

from core_service.accounts.service import AccountView, MembershipView, Person
from core_service.auth.session_rows import SignIn
from core_service.common.reading import to_timestamp
from core_service.identity.models import Role

ROLES = {role: account_pb2.Role.Value(f"ROLE_{role.name}") for role in Role}


def to_account(account: AccountView) -> account_pb2.Account:
    """The account with the settings in effect."""
    return account_pb2.Account(
        id=str(account.id),
        name=account.name,
        rate_limit_per_minute=account.rate_limit_per_minute,
        created_at=to_timestamp(account.created_at),
        max_live_activities=account.max_live_activities,
        default_rate_limit_per_minute=account.defaults.rate_limit_per_minute,
        default_max_live_activities=account.defaults.max_live_activities,
        max_rate_limit_per_minute=account.defaults.max_rate_limit_per_minute,
        max_live_activities_per_device=account.defaults.max_live_activities_per_device,
        require_second_factor=account.require_second_factor,
    )


def to_member(person: Person) -> account_pb2.Member:
    """The person's place in the account."""
    return account_pb2.Member(
        user_id=str(person.user.id),
        email=person.user.email,
        name=person.user.name,
        role=ROLES[Role(person.member.role)],
        created_at=to_timestamp(person.member.created_at),
        suspended_at=None if person.member.suspended_at is None else to_timestamp(person.member.suspended_at),
        has_second_factor=person.user.second_factor_at is not None,
    )


def to_sign_in(new: SignIn, account: AccountView, person: Person) -> dict[str, Any]:
    """The fields of every answer that begins a session."""
    return {
        "session_token": new.token,
        "expires_at": to_timestamp(new.expires_at),
        "account": to_account(account),
        "member": to_member(person),
    }


def to_membership(membership: MembershipView) -> account_pb2.AccountMembership:
    """An account that the person belongs to."""
    return account_pb2.AccountMembership(
        account_id=str(membership.account_id), name=membership.name, role=ROLES[membership.role]
    )
