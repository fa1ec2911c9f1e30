# ruff: noqa: S104, S105, S310  addresses and words that are refused or made up here
"""``cathograph dashboard``: who may enter, where it listens, what is kept out of its command line."""

import signal
import socket
import subprocess
import sys
import urllib.request
from functools import partial
from pathlib import Path

import pytest

from cathograph.dashboard.session.environment import VISITORS_PASSWORD
from cathograph.dashboard_server.login import Login, choose_login
from cathograph.dashboard_server.server import DashboardServer, choose_port
from cathograph.local_neo4j.process import is_free
from cathograph.schema.errors import DashboardError, InputError
from cathograph.store import StoreAddress

pytestmark = pytest.mark.long

SECRETS = """
[auth]
redirect_uri = "https://d.example.org/oauth2callback"
cookie_secret = "thirty-two signs or more, made up"
client_id = "i"
client_secret = "s"
server_metadata_url = "https://p.example.org/.well-known/openid-configuration"
"""


def test_no_login_on_this_machine_alone(monkeypatch):
    monkeypatch.delenv(VISITORS_PASSWORD, raising=False)
    for host in ("127.0.0.1", "localhost", "::1"):
        assert choose_login(host, None) == Login("none")
    for host in ("0.0.0.0", "::", "192.168.0.7", "dashboard.example.org", ""):
        with pytest.raises(InputError, match="without a login"):
            choose_login(host, None)


def test_a_password_from_the_environment(monkeypatch):
    monkeypatch.setenv(VISITORS_PASSWORD, "long enough")
    assert choose_login("0.0.0.0", None) == Login("password")
    assert choose_login("127.0.0.1", None) == Login("password")
    for short in ("", "short"):
        monkeypatch.setenv(VISITORS_PASSWORD, short)
        with pytest.raises(InputError, match="at least 8"):
            choose_login("127.0.0.1", None)


def test_a_provider_needs_a_list_of_users(tmp_path):
    file = tmp_path / "secrets.toml"
    file.write_text(SECRETS + '[cathograph]\nusers = ["@example.org"]\n')
    assert choose_login("0.0.0.0", file) == Login("oidc", file)
    for text, what in (
        (SECRETS, "users"),
        (SECRETS + "[cathograph]\nusers = []\n", "users"),
        (SECRETS.replace("cookie_secret", "other"), "cookie_secret"),
        (SECRETS.replace("thirty-two signs or more, made up", "short"), "cookie_secret of 5 characters"),
        ("not toml", "no readable secrets"),
    ):
        file.write_text(text)
        with pytest.raises(InputError, match=what):
            choose_login("0.0.0.0", file)
    with pytest.raises(InputError, match="no readable secrets"):
        choose_login("0.0.0.0", tmp_path / "absent.toml")


def test_a_port_that_is_taken_is_said():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(DashboardError, match="Choose another --port"):
            choose_port("127.0.0.1", taken.getsockname()[1])
    assert choose_port("127.0.0.1", 0) > 0
    with pytest.raises(DashboardError, match="not usable"):
        choose_port("203.0.113.5", 0)


def test_secrets_stand_in_the_environment_alone(monkeypatch):
    monkeypatch.setenv(VISITORS_PASSWORD, "open sesame")
    address = StoreAddress("bolt://127.0.0.1:7687", "neo4j", "of the database")
    server = DashboardServer("127.0.0.1", 8501, address, Path("/home"), Login("password"))
    told = " ".join(server.command()) + repr(server) + server.url
    assert "of the database" not in told
    assert "open sesame" not in told
    assert server.environment()["CATHOGRAPH_DASHBOARD_NEO4J_PASSWORD"] == "of the database"
    assert server.environment()["CATHOGRAPH_DASHBOARD_LOGIN"] == "password"
    assert DashboardServer("::", 1, address, Path("/"), Login("password")).url == "http://127.0.0.1:1"
    assert DashboardServer("::1", 1, address, Path("/"), Login("none")).url == "http://[::1]:1"


def test_refused_before_a_database_is_started(call):
    code, _, err = call("dashboard", "--host", "0.0.0.0", "--port", "0")
    assert code == 1
    assert "without a login" in err


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_and_stops_when_told(neo4j_server, clean_store, monkeypatch, tmp_path, sent):
    monkeypatch.setenv("NEO4J_URI", neo4j_server.uri)
    monkeypatch.setenv("NEO4J_USER", neo4j_server.user)
    monkeypatch.setenv("NEO4J_PASSWORD", neo4j_server.password)
    command = [sys.executable, "-m", "cathograph", "dashboard", "--port", "0", "--no-browser"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell that runs the tests in the background has them ignore Ctrl-C, and their children with them.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    ) as process:
        try:
            url = process.stdout.readline().removeprefix("Dashboard: ").strip()
            with urllib.request.urlopen(f"{url}/_stcore/health") as answer:
                assert answer.read() == b"ok"
            process.send_signal(sent)
            _, said = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 0
    assert "Stopped." in said
    assert neo4j_server.password not in said
    assert is_free(int(url.rpartition(":")[2]))
