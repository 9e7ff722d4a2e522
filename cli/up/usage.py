"""What a person is told when everything runs."""

import json
import shlex
import sys
from pathlib import Path
from typing import Any


def usage(facts: dict[str, Any], path: Path) -> str:
    """How to send a first notification, show a first Live Activity, and see both. Secrets are never printed."""
    python = shlex.quote(sys.executable)
    read = f'import json; print(json.load(open({json.dumps(str(path))}))["api_key"])'
    lines = [
        "",
        "The ActivitySmith server is running.",
        "",
        *([f"  Web admin    {facts['admin_url']}"] if facts["admin_url"] else []),
        f"  REST API     {facts['gateway_url']}",
        f"  gRPC         {facts['core_address']}",
    ]
    if facts["simulator_url"]:
        lines.append(f"  Simulator    {facts['simulator_url']}")
    lines.append(f"  Quickstart   {path}  (API key, owner's password; readable by you only)")
    if facts["api_key"]:
        lines += [
            "",
            "Send a push notification:",
            "",
            f"  KEY=$({python} -c {shlex.quote(read)})",
            f"  curl {facts['gateway_url']}/api/push-notification \\",
            '    -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" \\',
            """    -d '{"title": "Build finished", "message": "All tests passed"}'""",
            "",
            "Show a Live Activity, and call again whenever its state changes:",
            "",
            f"  curl -X PUT {facts['gateway_url']}/api/live-activity/stream/nightly-backup \\",
            '    -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" \\',
            """    -d '{"content_state": {"title": "Nightly backup", "type": "progress", "percentage": 42}}'""",
        ]
    if facts["simulator_url"] and facts["phone_id"]:
        lines += [
            "",
            "See both on the simulated iPhone:",
            "",
            f"  curl {facts['simulator_url']}/phones/{facts['phone_id']}",
        ]
    lines += ["", "Ctrl-C stops everything. All data stays.", ""]
    return "\n".join(lines)
