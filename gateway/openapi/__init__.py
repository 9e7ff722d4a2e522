"""The OpenAPI 3.1 description of the REST API, made from the same descriptors that serve it."""

from gateway.openapi.document import document

__all__ = ["document"]
