"""Builds the services about people: accounts and members, signing in, invites, keys of backends."""

from collections.abc import Sequence

from argon2 import PasswordHasher

from core_service.account_data.deletion import Deletion
from core_service.account_data.export import AccountExport
from core_service.account_data.servicer import AccountDataServicer
from core_service.accounts.service import Accounts, Defaults
from core_service.accounts.setup import Setup
from core_service.api_keys.service import ApiKeys
from core_service.api_keys.servicer import ApiKeyServicer
from core_service.app.parts import Parts
from core_service.app.shared import Shared
from core_service.auth.own_password import OwnPassword
from core_service.auth.password_rules import own_words
from core_service.auth.passwords import Passwords
from core_service.auth.sessions import Sessions
from core_service.invites.acceptance import Acceptance
from core_service.invites.service import Invites
from core_service.invites.servicer import InviteServicer
from core_service.members.leaving import forget_person
from core_service.members.membership import Members
from core_service.members.servicer import AccountServicer
from core_service.passkeys.relying_party import RelyingParty
from core_service.password_resets.password_change import PasswordChanges
from core_service.password_resets.service import PasswordResets
from core_service.password_resets.servicer import PasswordResetServicer
from core_service.second_factor.own import OwnFactors
from core_service.second_factor.own_passkeys import OwnPasskeys
from core_service.second_factor.resets import FactorResets
from core_service.second_factor.servicer import PasskeyServicer, SecondFactorServicer
from core_service.second_factor.sign_in import SignIns
from core_service.settings import CoreSettings
from core_service.single_sign_on.servicer import SingleSignOnServicer


def servicers_about_people(shared: Shared, parts: Parts, hasher: PasswordHasher | None) -> Sequence[object]:
    """Builds them. Passwords are hashed by `hasher`, by default with the library's parameters."""
    settings, engine, events, rate_limiter = shared.settings, shared.engine, shared.events, shared.rate_limiter
    single_sign_on, invites, resets = parts.single_sign_on, parts.senders.invites, parts.senders.resets
    party = RelyingParty.of(settings.admin_url)
    passwords = Passwords(hasher, own_words(party.id))
    sessions = Sessions(
        engine,
        passwords,
        rate_limiter,
        parts.upkeep.failed_sign_ins,
        local_sign_in=single_sign_on.local if single_sign_on else None,
    )
    own_password = OwnPassword(engine, passwords, rate_limiter)
    sign_ins = SignIns(engine, sessions, rate_limiter, party, shared.clock)
    accounts = Accounts(engine, passwords, _defaults_of(settings))
    api_keys = ApiKeys(engine)
    code = settings.setup_code.get_secret_value() if settings.setup_code else None
    return (
        AccountServicer(
            accounts=accounts,
            membership=Members(engine, events),
            sessions=sessions,
            password_changes=PasswordChanges(engine, passwords, own_password),
            api_keys=api_keys,
            setup=Setup(accounts, sessions, rate_limiter, code),
        ),
        AccountDataServicer(
            AccountExport(shared.batches),
            Deletion(engine, own_password, events, on_closed=parts.upkeep.eraser.wake),
        ),
        ApiKeyServicer(api_keys),
        InviteServicer(
            Invites(engine, rate_limiter, invites.links, invites.mailer, events),
            Acceptance(engine, sessions, passwords, rate_limiter, events, forget_person=forget_person),
            accounts,
        ),
        PasskeyServicer(sign_ins, OwnPasskeys(engine, own_password, party)),
        PasswordResetServicer(
            PasswordResets(
                engine,
                sessions=sessions,
                passwords=passwords,
                rate_limiter=rate_limiter,
                links=resets.links,
                mailer=resets.mailer,
            )
        ),
        SecondFactorServicer(
            sign_ins,
            OwnFactors(engine, own_password, rate_limiter, party, shared.clock),
            FactorResets(engine, resets.mailer),
            accounts,
        ),
        SingleSignOnServicer(single_sign_on, accounts),
    )


def _defaults_of(settings: CoreSettings) -> Defaults:
    return Defaults(
        settings.rate_limit_per_minute,
        settings.max_live_activities,
        settings.max_rate_limit_per_minute,
        settings.max_live_activities_per_device,
    )
