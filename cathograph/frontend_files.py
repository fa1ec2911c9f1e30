"""Streamlit's own files for browsers, from memory.

A first visit asks for more than a hundred of them. Streamlit reads each in pieces of 64 kB, each in a thread, and
passes it through all of its layers; that costs a third of a second of processor time on a machine whose browser
wants it too. The files belong to the installed version and do not change while it runs.

Scripts of single widgets are asked for only when the first of them is to be drawn, after the page's own script has
run; a browser that is new here then loads and compiles them while somebody waits. So the page names those of its
first sight at once, and they are ready by then.
"""

import mimetypes
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from streamlit.file_util import get_static_dir

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_A_YEAR_S = 365 * 24 * 3600
_SCRIPT = "application/javascript"
_SCRIPTS = "/static/js/"
_IMPORT = re.compile(r'(?:from|import)\s*"\./([\w.-]+\.js)"')

FIRST_SIGHT = (
    "Multiselect",
    "NumberInput",
    "Metric",
    "DataFrame",
    "DownloadButton",
    "StreamlitMarkdown",
    "Button",
)
"""Streamlit's names of the scripts of what stands on every page's side and on the first page."""


class _KeptFile(NamedTuple):
    headers: list[tuple[bytes, bytes]]
    body: bytes


class FrontendFiles:
    """ASGI middleware that answers for the files below ``/static/`` and hands all else on."""

    def __init__(self, app: "ASGIApp") -> None:
        self._app = app

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer one request."""
        name = scope["path"] if scope["type"] == "http" and scope["method"] == "GET" else ""
        if name not in _known_names():
            await self._app(scope, receive, _NamingScripts(send) if name else send)
            return
        kept = _read(name)
        await send({"type": "http.response.start", "status": 200, "headers": kept.headers})
        await send({"type": "http.response.body", "body": kept.body})


class _NamingScripts:
    """Passes an answer on; if it is a page, with links to what it will need soon."""

    def __init__(self, send: "Send") -> None:
        self._send = send
        self._start: Message | None = None
        self._page = b""

    async def __call__(self, message: "Message") -> None:
        """Pass one message on, or hold it back until the page is whole."""
        if message["type"] == "http.response.start" and _is_page(message):
            self._start = message
            return
        if self._start is None:
            await self._send(message)
            return
        self._page += message.get("body", b"")
        if message.get("more_body"):
            return
        page = self._page.replace(b"</head>", _links() + b"</head>", 1)
        headers = [(key, value) for key, value in self._start["headers"] if key != b"content-length"]
        await self._send({**self._start, "headers": [*headers, (b"content-length", str(len(page)).encode())]})
        await self._send({"type": "http.response.body", "body": page})


def _is_page(start: "Message") -> bool:
    headers = dict(start.get("headers", ()))
    return headers.get(b"content-type", b"").startswith(b"text/html") and b"content-encoding" not in headers


@cache
def _links() -> bytes:
    """Write links to the scripts of the first sight and to all that they import: a browser takes what is named."""
    wanted = [name for name in _known_names() if name.startswith(_SCRIPTS) and _stem(name) in FIRST_SIGHT]
    scripts: set[str] = set()
    while wanted:
        name = wanted.pop()
        if name not in scripts:
            scripts.add(name)
            wanted += [f"{_SCRIPTS}{each}" for each in _IMPORT.findall(_read(name).body.decode())]
    return "".join(
        f'<link rel="modulepreload" href=".{name}" />' for name in sorted(scripts & _known_names())
    ).encode()


def _stem(name: str) -> str:
    return name.rpartition("/")[2].partition(".")[0]


@cache
def _known_names() -> frozenset[str]:
    """List what may be asked for; no name that a visitor sends becomes a path."""
    root = Path(get_static_dir())
    return frozenset(
        f"/{path.relative_to(root).as_posix()}" for path in (root / "static").rglob("*") if path.is_file()
    )


@cache
def _read(name: str) -> _KeptFile:
    body = (Path(get_static_dir()) / name.removeprefix("/")).read_bytes()
    kind = _SCRIPT if name.endswith(".js") else mimetypes.guess_type(name)[0] or "application/octet-stream"
    headers = {
        "content-type": kind,
        "content-length": str(len(body)),
        "cache-control": f"public, immutable, max-age={_A_YEAR_S}",  # their names change with their content
        "x-content-type-options": "nosniff",
    }
    return _KeptFile([(key.encode(), value.encode()) for key, value in headers.items()], body)
