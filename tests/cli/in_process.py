"""Commands carried out in the tests' own process, for tables of cases: starting a process takes long."""

from activitysmith_cli.main import app
from typer.testing import CliRunner

NO_ORIGIN = {"ACTIVITYSMITH_API_KEY": "ask_nobody", "ACTIVITYSMITH_BASE_URL": "http://127.0.0.1:1", "COLUMNS": "80"}


def say(*arguments: str, **env: str) -> tuple[int, str]:
    """Exit code, and what is said before any call is made. Answers go to the process's own streams (see `capfd`).

    The key and the server belong to no one unless `env` says otherwise.
    """
    done = CliRunner().invoke(app, arguments, env=NO_ORIGIN | env)
    return done.exit_code, done.output
