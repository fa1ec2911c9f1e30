"""What the local server is told."""

import pytest

from cathograph.local_neo4j.config import ServerMemory, configuration


@pytest.mark.parametrize(
    "more", [{}, {"dbms.cypher.min_replan_interval": "1h", "db.logs.query.enabled": "OFF"}]
)
def test_more_settings_are_added_and_replace_none(more):
    memory = ServerMemory(heap_mb=512, page_cache_mb=128)
    plain = configuration(17700, memory)
    text = configuration(17700, memory, more)
    assert text.startswith(plain)
    assert text.removeprefix(plain).splitlines() == [f"{name}={value}" for name, value in more.items()]
