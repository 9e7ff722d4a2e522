"""The first run in the web admin."""

import asyncio

from tests.admin.conftest import running_admin
from tests.admin.looking import sees
from tests.admin.plain import faults, shown, typed
from tests.core.conftest import NewDatabase
from tests.core.harness import PASSWORD, start_core

CODE = "a code/of the owner's own?"
FORM = {"account_name": "Acme", "name": "Ada", "email": "ada@acme.test", "password": PASSWORD}
WRONG = {
    ("password", "short"): "Choose a password of 10 characters or more.",
    ("password", "x" * 201): "Choose a password of 200 characters at most.",
    ("email", "nobody"): "Enter a whole e-mail address, like ann@example.com.",
    ("email", "a b@acme.test"): "This is no e-mail address. One is like ann@example.com.",
    ("account_name", " "): "Enter a name for the workspace.",
    ("account_name", "x" * 101): "This has 101 characters. 100 is the most.",
    ("name", "\x00"): "This has a character that cannot be stored.",
}


async def test_the_link_opens_the_form_and_the_form_makes_the_owner(new_database: NewDatabase) -> None:
    async with start_core(await asyncio.to_thread(new_database), setup_code=CODE) as core, running_admin(core) as admin:
        user = admin()
        http = user.http_client
        assert (await http.get("/")).headers["location"] == "/sign-in"
        assert (await http.get("/sign-in")).headers["location"] == "/setup"
        page = await http.get("/setup")
        assert "Set up your server" in shown(page)
        assert "setup_code" in typed(page)
        answer = await http.post("/setup", data=FORM | {"setup_code": "wrong"})
        assert answer.status_code == 403
        assert faults(answer) == {
            "setup_code": "The setup code is wrong. The server prints the right one when it starts."
        }
        kept = {name: FORM[name] for name in ("account_name", "name", "email")}
        assert typed(answer) == kept | {"setup_code": "", "password": ""}
        answer = await http.get("/setup/a%20code%2Fof%20the%20owner's%20own%3F")
        assert (answer.status_code, answer.headers["location"]) == (303, "/setup")
        page = await http.get("/setup")
        assert "setup_code" not in typed(page)
        assert "a code" not in page.text
        for (field, value), words in WRONG.items():
            answer = await http.post("/setup", data=FORM | {field: value})
            assert (answer.status_code, faults(answer)) == (400, {field: words})
        answer = await http.post("/setup", data={})
        assert set(faults(answer)) == {"account_name", "name", "email", "password"}, "all is told at once"
        answer = await http.post("/setup", data=FORM)
        assert answer.headers["location"] == "/"
        assert set(http.cookies) == {"smith_session"}, "the code is forgotten"
        await user.open("/")
        await sees(user, "What happens in Acme.")
        assert (await http.post("/setup", data=FORM)).headers["location"] == "/sign-in"
        assert (await http.get("/setup")).headers["location"] == "/sign-in"


async def test_without_a_code_the_page_says_how_to_go_on(new_database: NewDatabase) -> None:
    async with start_core(await asyncio.to_thread(new_database)) as core, running_admin(core) as admin:
        page = shown(await admin().http_client.get("/setup"))
        assert "SMITH_SETUP_CODE" in page
        assert "smith account create" in page
