"""Streamlit's own files from memory: the same bytes, for known names alone."""

import asyncio
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from streamlit.file_util import get_static_dir

from cathograph.dashboard_server.frontend_files import FrontendFiles


def ask(method, path):
    """Ask the middleware, with something behind it that says what came through."""

    def behind(request):
        return PlainTextResponse(f"behind: {request.method}")

    routes = [Route("/{path:path}", behind, methods=["GET", "POST"])]
    app = Starlette(routes=routes, middleware=[Middleware(FrontendFiles)])

    async def answer():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://dashboard") as client:
            return await client.request(method, path)

    return asyncio.run(answer())


@pytest.mark.parametrize(
    ("pattern", "kind"),
    [("js/index.*.js", "application/javascript"), ("css/*.css", "text/css"), ("media/*.woff2", "font/woff2")],
)
def test_the_bytes_are_those_on_disk(pattern, kind):
    path = next((Path(get_static_dir()) / "static").glob(pattern))
    for _ in range(2):
        answer = ask("GET", f"/static/{path.parent.name}/{path.name}")
        assert answer.status_code == 200
        assert answer.content == path.read_bytes()
        assert answer.headers["content-type"].startswith(kind)
        assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize(
    "path",
    [
        "/", "/index.html", "/static/js/absent.js", "/static", "/static/", "/static/../../../../etc/passwd",
        "/static/%2e%2e/index.html", "/static//etc/passwd", "/_stcore/health",
    ],
)  # fmt: skip
def test_all_else_is_handed_on(path):
    assert ask("GET", path).text == "behind: GET"


def test_only_reading_is_answered():
    path = next((Path(get_static_dir()) / "static" / "js").glob("index.*.js"))
    assert ask("POST", f"/static/js/{path.name}").text == "behind: POST"
