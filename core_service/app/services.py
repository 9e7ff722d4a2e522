"""The services of the API, whose methods have a policy each."""

import smith.core.v1

from service_kit.services import services_of

SERVICES = services_of(smith.core.v1)
