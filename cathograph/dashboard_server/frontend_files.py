"""Streamlit's own files for browsers, from memory.

A first visit asks for more than a hundred of them. Streamlit reads each in pieces of 64 kB, each in a thread, and
passes it through all of its layers; that costs a third of a second of processor time on a machine whose browser
wants it too. The files belong to the installed version and do not change while it runs.
"""

import mimetypes
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from streamlit.file_util import get_static_dir

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_A_YEAR_S = 365 * 24 * 3600
_SCRIPT = "application/javascript"


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
            await self._app(scope, receive, send)
            return
        kept = _read(name)
        await send({"type": "http.response.start", "status": 200, "headers": kept.headers})
        await send({"type": "http.response.body", "body": kept.body})


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
