"""E-mail addresses, as far as they can be judged without asking anybody."""

import email_validator

# The library's documented way to admit names such as `localhost` and `.local`, which serve on a team's own network.
email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()


def checked(address: str) -> email_validator.ValidatedEmail:
    """The address with its parts. Raises ValueError with a sentence for people unless it is exactly one address."""
    return email_validator.validate_email(address, check_deliverability=False, globally_deliverable=False)
