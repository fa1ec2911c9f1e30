"""The process that serves the dashboard: Streamlit, configured through its environment.

All users of a machine can read a command line, but only the user of a process its environment, so the address of the
database and its password are passed there. Streamlit's settings are given here and take precedence over its files.
"""

import os
import signal
import socket
import subprocess
import sys
import time
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn
from urllib.error import URLError
from urllib.request import urlopen

from cathograph.dashboard.session.environment import FILES, LOGIN, PASSWORD, URI, USER
from cathograph.dashboard_server.login import Login
from cathograph.schema.errors import DashboardError

if TYPE_CHECKING:
    from cathograph.store import StoreAddress

_SCRIPT = Path(__file__).parent / "script" / "serve.py"
_START_S, _STOP_S = 180.0, 10.0
_UPLOAD_MB = 200
_EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104  compared with, not listened on

_THEME = {
    "theme.light.primaryColor": "#0072b2",
    "theme.dark.primaryColor": "#1f83bd",
}
"""Blue for controls, readable with white text; phases keep the colours of `cathograph.schema.phases`."""


@dataclass
class DashboardServer:
    """One run of the dashboard.

    Attributes
    ----------
    host, port
        Where it listens.
    address : StoreAddress
        The database.
    home : Path
        Home of the local server, for uploads, which run ``cathograph ingest``.
    login : Login
        Who may enter.
    folders : tuple of Path
        Where to look for files that are not where they were ingested from.
    """

    host: str
    port: int
    address: "StoreAddress"
    home: Path
    login: Login
    folders: tuple[Path, ...] = ()
    _process: "subprocess.Popen[bytes] | None" = field(default=None, init=False, repr=False)

    @property
    def url(self) -> str:
        """Address for a browser on this machine."""
        host = "127.0.0.1" if self.host in _EVERYWHERE else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @contextmanager
    def running(self) -> Iterator[None]:
        """Start it, wait until it answers, and stop it at the end, also on SIGTERM.

        Raises
        ------
        DashboardError
            When it ends before it answers.
        """
        before = signal.signal(signal.SIGTERM, _as_interrupt)
        try:
            with suppress(KeyboardInterrupt):
                self._process = subprocess.Popen(  # noqa: S603  our own interpreter and module
                    self.command(),
                    env=self.environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    start_new_session=True,  # Ctrl-C reaches us, and we stop it
                )
                try:
                    self._wait_until_it_answers()
                    yield
                finally:
                    self._stop()
        finally:
            signal.signal(signal.SIGTERM, before)

    def wait(self) -> None:
        """Wait until it ends.

        Raises
        ------
        DashboardError
            When it ends unexpectedly.
        """
        if self._process is not None and self._process.wait() != 0:
            msg = (
                f"Found the dashboard ended with code {self._process.returncode}; expected it to stay. "
                "Start it again."
            )
            raise DashboardError(msg)

    def command(self) -> list[str]:
        """Give the command line; no secret is in it."""
        options: dict[str, object] = {
            "server.address": self.host,
            "server.port": self.port,
            "server.headless": "true",
            "server.fileWatcherType": "none",
            "server.maxUploadSize": _UPLOAD_MB,
            "browser.gatherUsageStats": "false",
            "client.showErrorDetails": "none",
            "client.toolbarMode": "minimal",
            "logger.level": "warning",
            **_THEME,
        }
        if self.login.way == "none":
            # Pages of other sites must not reach it under a name of theirs (DNS rebinding).
            options["server.allowedHosts"] = ("localhost", "127.0.0.1", "::1")
        if self.login.secrets is not None:
            options["secrets.files"] = str(self.login.secrets)
        given = [
            f"--{name}={each}"
            for name, value in options.items()
            for each in (value if isinstance(value, tuple) else (value,))
        ]
        return [sys.executable, "-m", "streamlit", "run", str(_SCRIPT), *given]

    def environment(self) -> dict[str, str]:
        """Give its environment: ours, the database, the login."""
        return os.environ | {
            URI: self.address.uri,
            USER: self.address.user,
            PASSWORD: self.address.password,
            LOGIN: self.login.way,
            "CATHOGRAPH_HOME": str(self.home),
            FILES: os.pathsep.join(str(each.absolute()) for each in self.folders),
        }

    def _wait_until_it_answers(self) -> None:
        give_up = time.monotonic() + _START_S
        while time.monotonic() < give_up:
            if self._process is None or self._process.poll() is not None:
                msg = (
                    f"Found the dashboard not starting; expected it to answer at {self.url}. "
                    "See the messages of Streamlit above, or try another --port."
                )
                raise DashboardError(msg)
            with suppress(URLError, OSError), urlopen(f"{self.url}/_stcore/health", timeout=2) as answer:  # noqa: S310
                if answer.status == 200:
                    return
            time.sleep(0.1)
        msg = (
            f"Found no answer from the dashboard for {_START_S:.0f} s; expected one at {self.url}. Try again."
        )
        raise DashboardError(msg)

    def _stop(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def choose_port(host: str, port: int) -> int:
    """Give the port if it is free, a free one for 0.

    Raises
    ------
    DashboardError
        When it is taken, or there is no such address on this machine.
    """
    try:
        where = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.socket(where[0], socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(where[4])
            return int(probe.getsockname()[1])
    except OSError as error:
        msg = (
            f"Found {host}:{port} not usable ({error.strerror or error}); expected a free port of this machine. "
            "Is a dashboard running there already? Choose another --port, or 0 for any."
        )
        raise DashboardError(msg) from error


def open_browser(url: str) -> None:
    """Open a browser where this session has a screen."""
    has_screen = sys.platform in ("darwin", "win32") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    if has_screen:
        webbrowser.open(url)


def _as_interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
