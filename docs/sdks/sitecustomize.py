"""Makes programs that use the official Python SDK speak to your own server, without changing them.

Python imports a module of this name at start. Put its folder on PYTHONPATH and the server into ACTIVITYSMITH_BASE_URL:

    PYTHONPATH=docs/sdks ACTIVITYSMITH_BASE_URL=http://127.0.0.1:8000 python app.py
"""

import importlib.util
import os

server = os.environ.get("ACTIVITYSMITH_BASE_URL", "").rstrip("/")
if server and importlib.util.find_spec("activitysmith_openapi"):
    from activitysmith_openapi.configuration import Configuration

    Configuration.get_host_settings = lambda self: [{"url": f"{server}/api", "description": "ACTIVITYSMITH_BASE_URL"}]
