"""The services of a package of generated modules."""

import importlib
import pkgutil
from types import ModuleType

from google.protobuf.descriptor import ServiceDescriptor


def services_of(package: ModuleType) -> list[ServiceDescriptor]:
    """Every service of the package, as of `smith.core.v1`, by the name of its module."""
    found: list[ServiceDescriptor] = []
    for module in sorted(info.name for info in pkgutil.iter_modules(package.__path__)):
        if module.endswith("_service_pb2"):
            descriptor = importlib.import_module(f"{package.__name__}.{module}").DESCRIPTOR
            found.extend(descriptor.services_by_name.values())
    return found
