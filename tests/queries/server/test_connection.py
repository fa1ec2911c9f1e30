"""Errors of the driver and the server, in our words; the database gone in the middle."""

import contextlib
import socket
import threading

import pytest
from toy_rows import make_toy_rows

from cathograph.queries.reading.content import content_hash
from cathograph.queries.server.connection import connect
from cathograph.queries.writing.images import IngestRunRecord, write_image
from cathograph.schema.errors import CannotConnect, DatabaseError, QueryError


class Relay:
    """A relay before the server that can be cut, as a cable."""

    def __init__(self, host, port):
        self.target = (host, port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.sockets = []
        self.is_cut = False
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if self.is_cut:
                client.close()
                continue
            server = socket.create_connection(self.target)
            self.sockets += [client, server]
            for source, target in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=(source, target), daemon=True).start()

    def _pump(self, source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        for end in (source, target):
            end.close()

    def cut(self):
        self.is_cut = True
        for end in self.sockets:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.cut()
        self.listener.close()


@pytest.fixture
def relay(neo4j_server):
    host, _, port = neo4j_server.uri.split("//")[1].partition(":")
    relay = Relay(host, int(port))
    yield relay
    relay.close()


def test_no_server():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(CannotConnect, match=rf"no Neo4j at bolt://127.0.0.1:{port} .*`cathograph db start`"):
        connect(f"bolt://127.0.0.1:{port}", "neo4j", "x", timeout_s=1)


def test_something_else_listens():
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up():
            while True:
                try:
                    listener.accept()[0].close()
                except OSError:
                    return

        threading.Thread(target=hang_up, daemon=True).start()
        port = listener.getsockname()[1]
        with pytest.raises(CannotConnect, match="Found no Neo4j at"):
            connect(f"bolt://127.0.0.1:{port}", "neo4j", "x", timeout_s=1)
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("uri", ["http://localhost:7474", "localhost", "bolt://localhost:port", ""])
def test_no_address(uri):
    with pytest.raises(CannotConnect, match="expected one"):
        connect(uri, "neo4j", "x", timeout_s=1)


def test_wrong_password(neo4j_server):
    with pytest.raises(CannotConnect, match=r"refuses user 'neo4j' .*Correct NEO4J_USER and NEO4J_PASSWORD"):
        connect(neo4j_server.uri, "neo4j", "not the password")


def test_a_server_without_tls(neo4j_server):
    with pytest.raises(CannotConnect, match=r"bolt\+s:// needs a server with TLS; .* bolt://"):
        connect(neo4j_server.uri.replace("bolt://", "bolt+s://"), neo4j_server.user, neo4j_server.password)


def test_a_server_that_went_away(store, neo4j_server, relay, monkeypatch):
    """Cut while an image is written: a clear error, nothing seen; running again finishes the work."""
    empty = content_hash(store)
    through = connect(f"bolt://127.0.0.1:{relay.port}", neo4j_server.user, neo4j_server.password, retry_s=1)
    done = []

    def cut(written, total):
        done.append(written)
        if len(done) == 3:
            relay.cut()

    with through:
        assert through.answers()
        with pytest.raises(DatabaseError, match=r"gone in the middle .* run the same command again"):
            write_image(through, make_toy_rows(), IngestRunRecord.of_memory("x"), group_rows=2, progress=cut)
        assert not through.answers()
    assert content_hash(store) == empty
    assert (
        write_image(store, make_toy_rows(), IngestRunRecord.of_memory("x"), group_rows=2).state == "written"
    )


def test_out_of_memory_is_said_as_such(store):
    """A query that collects without end is ended by the server's limit, not repeated for half a minute."""
    store.read("RETURN 1")
    text = "UNWIND range(1, 100000000) AS n RETURN size(collect([n, n, n])) AS n"
    with pytest.raises((DatabaseError, QueryError), match=r"out of memory|still running"):
        store.read(text, timeout_s=20)
