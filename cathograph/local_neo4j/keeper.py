"""Starting the local server again after a query that ended it, or that nothing else ends."""

import time
from contextlib import ExitStack, suppress

from cathograph.local_neo4j.process import out_of_memory_mark
from cathograph.local_neo4j.server import LocalNeo4j, ServerState
from cathograph.schema.errors import LocalServerError

_ENDING_S = 10.0
_WRITERS_S = 2.0
_LOCK_S = 60.0


class LocalKeeper:
    """Keeps the server of a home running for a connection (`cathograph.queries.server.deadline.ServerKeeper`).

    Parameters
    ----------
    server : LocalNeo4j
        The server.
    """

    def __init__(self, server: LocalNeo4j) -> None:
        self._server = server

    def restart(self, since: float) -> None:
        """End the server at once and start its process again.

        Of two queries that do not react, the second finds a server that was started after it was asked, and leaves it.
        """
        home = self._server.home
        with home.one_command(wait_s=_LOCK_S):
            record = home.read_record()
            if record is None or record.started_at > since:
                return
            with ExitStack() as pause:
                # What is being written may finish first. It need not: what has not committed is written again.
                with suppress(LocalServerError):
                    pause.enter_context(home.writers_paused(wait_s=_WRITERS_S))
                self._server.restart_held()

    def revive(self, since: float) -> str | None:
        """Start the process of a server that has ended or answers nobody; say why.

        None where it answers, was stopped on purpose, or was started after `since`.
        """
        home = self._server.home
        give_up = time.monotonic() + _ENDING_S
        # A server without memory closes its connections up to a minute before its process ends.
        while (state := self._server.status().state) is not ServerState.CRASHED:
            if state is ServerState.STOPPED:
                return None
            if time.monotonic() > give_up:
                break
            time.sleep(0.1)
        lacked_memory = out_of_memory_mark(home).exists()
        if state is ServerState.RUNNING and not lacked_memory:
            return None
        self.restart(since)
        if lacked_memory:
            return "its memory did not suffice (CATHOGRAPH_HEAP_MB gives it more, where the machine has it)"
        return "its process was ended" if state is ServerState.CRASHED else "it answered nobody any longer"

    def wait_for_server(self) -> bool:
        """Wait until a server that is being started answers; False where none is being started or runs."""
        home = self._server.home
        try:
            with home.one_command(wait_s=_LOCK_S):
                if self._server.status().state not in {ServerState.STARTING, ServerState.RUNNING}:
                    return False
                self._server.start_held()
        except LocalServerError:
            return False
        return True
