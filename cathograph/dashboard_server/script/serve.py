"""What ``streamlit run`` serves: the pages, read ahead before the first visitor comes.

The address is told to people once this answers. So what a first page needs, modules, the connection and the
tables of the overview, is there by then, and the first visitor of a day waits no longer than the second.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from cathograph.dashboard.app import read_ahead, read_on
from cathograph.dashboard_server.frontend_files import FrontendFiles
from cathograph.schema.errors import CathographError

_LONGEST_S = 20.0


@asynccontextmanager
async def _read_ahead(_: st.App) -> AsyncIterator[None]:
    # A database that does not answer is told by the pages, and may be back by then. A large or busy one goes on
    # being read while the first visitors come.
    with suppress(CathographError, TimeoutError):
        await asyncio.wait_for(asyncio.to_thread(read_ahead), _LONGEST_S)
    reading_on = asyncio.create_task(asyncio.to_thread(read_on))
    yield
    with suppress(CathographError):
        await reading_on


app = st.App(
    Path(__file__).with_name("start.py"), lifespan=_read_ahead, middleware=[Middleware(FrontendFiles)]
)
