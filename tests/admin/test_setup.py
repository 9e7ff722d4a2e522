"""The first run in the web admin."""

import asyncio

from tests.admin.conftest import running_admin
from tests.admin.looking import sees
from tests.core.conftest import NewDatabase
from tests.core.harness import PASSWORD, start_core

CODE = "a code/of the owner's own?"
FORM = {"account_name": "Acme", "name": "Ada", "email": "ada@acme.test", "password": PASSWORD}


async def test_the_link_opens_the_form_and_the_form_makes_the_owner(new_database: NewDatabase) -> None:
    async with start_core(await asyncio.to_thread(new_database), setup_code=CODE) as core, running_admin(core) as admin:
        user = admin()
        http = user.http_client
        assert (await http.get("/")).headers["location"] == "/sign-in"
        assert (await http.get("/sign-in")).headers["location"] == "/setup"
        await user.open("/setup")
        await sees(user, "Set up your server", "Setup code")
        assert (await http.post("/setup", data=FORM | {"setup_code": "wrong"})).headers["location"] == (
            "/setup?problem=code"
        )
        answer = await http.get("/setup/a%20code%2Fof%20the%20owner's%20own%3F")
        assert (answer.status_code, answer.headers["location"]) == (303, "/setup")
        page = await http.get("/setup")
        assert "Setup code" not in page.text
        assert CODE not in page.text
        for wrong in ({"password": "short"}, {"email": "nobody"}, {"account_name": " "}):
            assert (await http.post("/setup", data=FORM | wrong)).headers["location"] == "/setup?problem=fields"
        answer = await http.post("/setup", data=FORM)
        assert answer.headers["location"] == "/"
        assert set(http.cookies) == {"smith_session"}, "the code is forgotten"
        await user.open("/")
        await sees(user, "What happens in Acme.")
        assert (await http.post("/setup", data=FORM)).headers["location"] == "/sign-in"
        assert (await http.get("/setup")).headers["location"] == "/sign-in"


async def test_without_a_code_the_page_says_how_to_go_on(new_database: NewDatabase) -> None:
    async with start_core(await asyncio.to_thread(new_database)) as core, running_admin(core) as admin:
        user = admin()
        await user.open("/setup")
        await sees(user, "SMITH_SETUP_CODE", "smith account create")
