"""The rules of an account for the operator's commands, which make accounts without an RPC."""

from smith.core.v1.account_service_pb2 import CreateAccountRequest

from core_service.field_rules.check import check


def check_account(account_name: str, name: str | None, email: str, password: str) -> None:
    """Raises InvalidRequest for what CreateAccount would refuse."""
    try:
        request = CreateAccountRequest(account_name=account_name, name=name, email=email, password=password)
    except UnicodeEncodeError:
        # Protobuf cannot hold it. The service says which field it is.
        return
    check(request)
