"""Which database the tests take: nobody's own store, and nothing left in a given one."""

import os

import pytest
from database_server import DatabaseServer, docker_answers, given_server

pytestmark = pytest.mark.long


@pytest.fixture
def named_for_tests(own_server, monkeypatch):
    address = own_server.server.start()
    monkeypatch.setenv("CATHOGRAPH_TEST_NEO4J_URI", address.uri)
    monkeypatch.setenv("CATHOGRAPH_TEST_NEO4J_USER", address.user)
    monkeypatch.setenv("CATHOGRAPH_TEST_NEO4J_PASSWORD", address.password)
    server = DatabaseServer(address.uri, address.user, address.password)
    server.empty()
    yield server
    server.close()


def _count(server):
    with server.driver() as driver:
        return driver.execute_query("MATCH (n) RETURN count(n) AS n").records[0]["n"]


def test_given_server_with_data_is_refused_and_left_alone(named_for_tests):
    with named_for_tests.driver() as driver:
        driver.execute_query("CREATE (:Precious)")
    with pytest.raises(ValueError, match=r"Found 1 nodes in .*; expected an empty store"), given_server():
        pass
    assert _count(named_for_tests) == 1
    named_for_tests.empty()


def test_given_server_is_empty_again_afterwards(named_for_tests):
    with given_server() as server, server.driver() as driver:
        driver.execute_query("CREATE CONSTRAINT once FOR (n:Made) REQUIRE n.key IS UNIQUE")
        driver.execute_query("UNWIND range(1, 100) AS i CREATE (:Made {key: i})-[:WITH]->(:Other)")
        driver.execute_query("CALL gds.graph.project('left', 'Made', '*')")
    assert _count(named_for_tests) == 0
    with named_for_tests.driver() as driver:
        assert driver.execute_query("SHOW CONSTRAINTS").records == []
        assert driver.execute_query("CALL gds.graph.list() YIELD graphName").records == []


def test_users_own_server_is_out_of_sight():
    assert not [name for name in os.environ if name.startswith("NEO4J_")]


def test_docker_without_a_daemon_is_no(monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    assert docker_answers() is False
