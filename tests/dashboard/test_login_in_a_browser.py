"""The login with a provider, as people use it: a real OpenID Connect flow in a real Chromium."""

import os
import secrets
import socket
import subprocess
import sys

import pytest
from dashboard_browser import wait_until_quiet
from oidc_provider import running_provider
from playwright.sync_api import expect

pytestmark = pytest.mark.long


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def cookie_secret():
    return secrets.token_hex(32)


@pytest.fixture(scope="module")
def guarded(neo4j_server, tmp_path_factory, cookie_secret):
    """Give a dashboard with a provider: its address, the provider, and the file of what it said."""
    folder = tmp_path_factory.mktemp("login")
    port, log = free_port(), folder / "log"
    url = f"http://127.0.0.1:{port}"
    with running_provider(free_port(), f"{url}/oauth2callback") as provider:
        (folder / "secrets.toml").write_text(
            f"""
            [auth]
            redirect_uri = "{provider.redirect_uri}"
            cookie_secret = "{cookie_secret}"
            client_id = "{provider.client_id}"
            client_secret = "{provider.client_secret}"
            server_metadata_url = "{provider.metadata_url}"
            [cathograph]
            users = ["Ada@example.org", "@group.example.org"]
            """
        )
        environment = os.environ | {
            "NEO4J_URI": neo4j_server.uri,
            "NEO4J_USER": neo4j_server.user,
            "NEO4J_PASSWORD": neo4j_server.password,
            "CATHOGRAPH_HOME": str(folder / "home"),
        }
        command = [sys.executable, "-m", "cathograph", "dashboard", "--no-browser", f"--port={port}"]
        command += ["--host=127.0.0.1", f"--secrets={folder / 'secrets.toml'}"]
        with log.open("w") as said:
            process = subprocess.Popen(
                command, env=environment, stdout=subprocess.PIPE, stderr=said, text=True
            )
            try:
                first = process.stdout.readline() if process.stdout else ""
                assert first.startswith("Dashboard: "), log.read_text()
                yield url, provider, log
            finally:
                process.terminate()
                process.communicate(timeout=60)


@pytest.fixture
def visitor(chromium, guarded, small_store):
    """Give a tab of a browser that was never here."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, base_url=guarded[0])
    yield context.new_page()
    context.close()


def log_in(page, address, *, verified=True):
    """Open the overview, go to the provider, say who one is, and come back."""
    page.goto("/?sample=BLE-1")
    wait_until_quiet(page)
    assert page.get_by_test_id("stMetric").count() == 0
    assert page.get_by_test_id("stMultiSelect").count() == 0
    page.get_by_role("button", name="Log in").click()
    page.get_by_label("Address").fill(address)
    if not verified:
        page.get_by_label("not verified").check()
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(lambda url: "oauth2callback" not in url and "authorize" not in url)
    wait_until_quiet(page)


@pytest.mark.parametrize("path", ["/", "/query", "/ingest", "/image"])
def test_nothing_is_shown_before_the_login(visitor, path):
    visitor.goto(path)
    wait_until_quiet(visitor)
    expect(visitor.get_by_role("button", name="Log in")).to_be_visible()
    for shown in ("stMetric", "stMultiSelect", "stDataFrame", "stTextArea", "stFileUploader"):
        assert visitor.get_by_test_id(shown).count() == 0


@pytest.mark.parametrize("address", ["ada@example.org", "somebody@group.example.org"])
def test_invited_people_come_in_and_out(visitor, guarded, small_store, cookie_secret, address):
    url, provider, log = guarded
    asked = []
    visitor.on("request", lambda request: asked.append(request.url))
    log_in(visitor, address)
    expect(visitor.get_by_test_id("stMetric").filter(has_text="Images")).to_be_visible()
    cookies = {each["name"]: each for each in visitor.context.cookies(url)}
    entry = next(each for name, each in cookies.items() if name.startswith("_streamlit_user"))
    assert entry["httpOnly"]
    assert entry["sameSite"] == "Lax"
    visitor.reload()
    wait_until_quiet(visitor)
    expect(visitor.get_by_test_id("stMetric").filter(has_text="Images")).to_be_visible()

    told = (
        visitor.content()
        + " ".join(asked)
        + log.read_text()
        + " ".join(each["value"] for each in cookies.values())
    )
    for secret in (cookie_secret, provider.client_secret):
        assert secret not in told

    visitor.get_by_role("button", name="Log out").click()
    expect(visitor.get_by_role("button", name="Log in")).to_be_visible()
    assert visitor.get_by_test_id("stMetric").count() == 0
    assert not provider.refused


@pytest.mark.parametrize(
    ("address", "verified"),
    [
        ("eve@example.org", True), ("ada@example.org.evil.net", True), ("x@sub.group.example.org", True),
        ("ada@example.org", False), ("", True),
    ],
)  # fmt: skip
def test_others_are_sent_away(visitor, address, verified):
    log_in(visitor, address, verified=verified)
    expect(visitor.get_by_text("may not see")).to_be_visible()
    assert visitor.get_by_test_id("stMetric").count() == 0
    assert visitor.get_by_test_id("stMultiSelect").count() == 0


def test_a_made_up_cookie_opens_nothing(visitor, guarded):
    url, _, _ = guarded
    visitor.goto("/")
    visitor.context.add_cookies([{"name": "_streamlit_user", "value": "2|1:0|10:1|made:up|x", "url": url}])
    visitor.reload()
    wait_until_quiet(visitor)
    expect(visitor.get_by_role("button", name="Log in")).to_be_visible()


def test_a_made_up_code_opens_nothing(visitor):
    visitor.goto("/oauth2callback?code=made-up&state=made-up")
    visitor.goto("/")
    wait_until_quiet(visitor)
    expect(visitor.get_by_role("button", name="Log in")).to_be_visible()
    assert visitor.get_by_test_id("stMetric").count() == 0
