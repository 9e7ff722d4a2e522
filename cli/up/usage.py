"""The text that a person sees when everything runs."""

import shlex
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote


def usage(facts: dict[str, Any], path: Path, setup_code: str | None, push_fault: str = "") -> str:
    """How to send a first notification, show a first Live Activity, and see both. Secrets are not printed, except
    for the setup code while there is no account: it opens nothing else and works once.

    `push_fault` says why no push can be sent; empty if none is known."""
    python = shlex.quote(sys.executable)
    read = f'import json; print(json.load(open({str(path)!a}))["api_key"])'
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
    if facts["owner_password"]:
        lines.append(f"  Quickstart   {path}  (API key, owner's password; readable by you only)")
    lines += _setup(facts["admin_url"], setup_code)
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
    if push_fault:
        lines += ["", "No push can be sent yet:", "", f"  {push_fault}", "  Until then pushes stay queued."]
    lines += ["", "Ctrl-C stops everything. All data stays.", ""]
    return "\n".join(lines)


def _setup(admin_url: str | None, code: str | None) -> list[str]:
    if code is None:
        return []
    if admin_url is None:
        return ["", "There is no workspace yet, and no web admin to make it in: run `smith account create`."]
    return ["", "Make the first account, in your browser:", "", f"  {admin_url}/setup/{quote(code, safe='')}"]
