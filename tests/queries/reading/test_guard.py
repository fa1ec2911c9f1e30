"""Every hole in "read-only" that was found on this server, and honest queries that must pass.

The holes were tried in READ access mode: there, LOAD CSV returned a file, and TERMINATE, SHOW USERS,
db.clearQueryCaches, gds.graph.project and gds.graph.drop ran.
"""

# ruff: noqa: E501  one query a line

import pytest

from cathograph.queries.catalog import adhoc, all_read_queries
from cathograph.queries.reading.content import content_hash
from cathograph.queries.reading.guard import check_read_only
from cathograph.queries.reading.runner import run
from cathograph.schema.errors import QueryError, WriteRefused

HOLES = {
    # writes
    "CREATE (n:Bad)": "operation Create",
    "MATCH (n) SET n.bad = 1": "operation Set",
    "MATCH (n) REMOVE n:NMC": "operation RemoveLabels",
    "MERGE (n:Bad {x: 1}) RETURN n": "operation",
    "MATCH (n) DETACH DELETE n": "operation DetachDelete",
    "FOREACH (x IN [1] | CREATE (:Bad))": "operation",
    "MATCH (n) CALL (n) { SET n.bad = 1 } RETURN n": "operation",
    "MATCH (n) CALL (n) { SET n.bad = 1 } IN TRANSACTIONS": "operation",
    "UNWIND [1, 2] AS x CALL (x) { RETURN x AS y } IN TRANSACTIONS OF 1 ROW RETURN y": "operation Transaction",
    "UNWIND [1, 2] AS x CALL (x) { RETURN x AS y } IN 2 CONCURRENT TRANSACTIONS RETURN y": "operation Transaction",
    "RETURN 1 AS x UNION CREATE (n:Bad) RETURN 1 AS x": "operation",
    # calls behind a number, which swallowed the name
    "RETURN 1 AS x LIMIT size(range(1,100)[0..gds.util.nodeProperty('mine',5,'label')])": "call of gds.util",
    "RETURN 1 AS x SKIP size(range(1,9)[1..gds.util.nodeProperty('mine',5,'label')]) LIMIT 1": "call of gds.util",
    "RETURN 1 AS x LIMIT 1+size([1,2][0 ..apoc.load.json('f')])": "call of apoc",
    # files and addresses
    "LOAD CSV FROM 'file:///etc/passwd' AS line RETURN line": "LOAD CSV",
    "load\tcsv FROM 'http://localhost:1/' AS line RETURN line": "LOAD CSV",
    "LOAD /* x */ CSV FROM 'file:///etc/passwd' AS line RETURN line": "LOAD CSV",
    "LOAD // x\nCSV FROM 'file:///etc/passwd' AS line RETURN line": "LOAD CSV",
    "CALL () { LOAD CSV FROM 'file:///etc/passwd' AS line RETURN line } RETURN line": "LOAD CSV",
    "RETURN CASE WHEN true THEN COLLECT { LOAD CSV FROM 'file:///etc/passwd' AS l RETURN l } END AS x": "LOAD CSV",
    # other people's sessions, users, settings
    "TERMINATE TRANSACTIONS 'neo4j-transaction-1'": "operation TerminateTransactions",
    "SHOW TRANSACTIONS": "operation ShowTransactions",
    "SHOW TRANSACTIONS YIELD transactionId AS id TERMINATE TRANSACTIONS id YIELD message RETURN message": "operation",
    "SHOW USERS": "operation AdministrationCommand",
    "SHOW CURRENT USER": "operation AdministrationCommand",
    "SHOW DATABASES": "operation AdministrationCommand",
    "SHOW SETTINGS": "operation ShowSettings",
    "CREATE USER bad SET PASSWORD 'only-for-tests'": "operation AdministrationCommand",
    "ALTER CURRENT USER SET PASSWORD FROM 'a' TO 'only-for-tests'": "operation AdministrationCommand",
    "DROP USER neo4j": "operation AdministrationCommand",
    # schema
    "CREATE INDEX bad FOR (n:NMC) ON (n.x)": "operation CreateIndex",
    "CREATE CONSTRAINT bad FOR (n:NMC) REQUIRE n.x IS UNIQUE": "operation",
    "DROP CONSTRAINT particle_key": "operation",
    # procedures
    "CALL db.clearQueryCaches()": "call of db.clearquerycaches",
    "CALL db.clearQueryCaches": "call of db.clearquerycaches",
    "CALL `db`.`clearQueryCaches`()": "call of db.clearquerycaches",
    "CALL db . /* x */ clearQueryCaches ()": "call of db.clearquerycaches",
    "CALL dbms.listConfig() YIELD name RETURN name": "call of dbms.listconfig",
    "CALL dbms.queryJmx('*:*') YIELD name RETURN name": "call of dbms.queryjmx",
    "CALL db.createLabel('Bad')": "call of db.createlabel",
    "CALL gds.graph.project('bad', '*', '*')": "call of gds.graph.project",
    "MATCH (n) RETURN gds.graph.project('bad', n, n)": "call of gds.graph.project",
    "CALL gds.graph.drop('bad', false)": "call of gds.graph.drop",
    "RETURN COLLECT { CALL gds.graph.drop('bad', false) YIELD graphName RETURN graphName } AS x": "gds.graph.drop",
    "RETURN EXISTS { CALL db.clearQueryCaches() YIELD value RETURN value } AS x": "db.clearquerycaches",
    "CALL () { CALL db.clearQueryCaches() YIELD value RETURN value } RETURN value": "db.clearquerycaches",
    "CALL gds.pageRank.write('bad', {writeProperty: 'x'})": "call of gds.pagerank.write",
    "CALL gds.pageRank.stream('bad')": "call of gds.pagerank.stream",
    "CALL apoc.cypher.runWrite('CREATE (n)', {})": "call of apoc.cypher.runwrite",
    "RETURN apoc.load.json('file:///etc/passwd') AS x": "call of apoc.load.json",
    "RETURN gds.util.asNode(0) AS x": "call of gds.util.asnode",
    # what changes how a text is run or read
    "EXPLAIN CREATE (n)": "EXPLAIN before",
    "PROFILE CALL gds.graph.drop('bad', false)": "PROFILE before",
    "/* x */ profile RETURN 1": "PROFILE before",
    "\ufeffPROFILE RETURN 1": "PROFILE before",
    "CYPHER runtime=slotted CREATE (n)": "CYPHER before",
    "CYPHER 5 PROFILE RETURN 1": "CYPHER before",
    "USE system SHOW USERS": "USE before",
    "\\u0050ROFILE RETURN 1": "unicode escape",
    "\\u0043ALL db.clearQueryCaches()": "unicode escape",
    "CALL db.clear\\u0051ueryCaches()": "unicode escape",
    "LOAD \\u0043SV FROM 'file:///etc/passwd' AS l RETURN l": "unicode escape",
    "RETURN '\\u0027 CALL db.clearQueryCaches() //' AS x": "unicode escape",
}


@pytest.mark.parametrize("text", HOLES)
def test_hole_is_closed(store, text):
    with pytest.raises(WriteRefused) as refused:
        run(store, adhoc(text), timeout_s=20)
    message = str(refused.value)
    assert HOLES[text] in message
    assert "expected a query that only reads" in message


@pytest.mark.parametrize(
    "text",
    [
        "MATCH (n) RETURN n; CREATE (m)",
        "RETURN 1; CALL db.clearQueryCaches()",
        "GRANT ROLE admin TO neo4j",
        "STOP DATABASE neo4j",
        "MATCH (n) RETURN n /* ; */ ; MATCH (n) DETACH DELETE n",
    ],
)
def test_hole_that_the_server_closes(store, text):
    with pytest.raises(QueryError):
        run(store, adhoc(text), timeout_s=20)


@pytest.mark.parametrize("text", ["CREATE (n:Bad)", "MATCH (n) CALL (n) { SET n.bad = 1 } IN TRANSACTIONS"])
def test_read_mode_refuses_a_write_that_no_guard_saw(toy_store, text):
    before = content_hash(toy_store)
    with pytest.raises(QueryError):
        toy_store.read(text)
    assert content_hash(toy_store) == before


HONEST = [
    "MATCH (n:NMC) WHERE n.area_um2 > 0.1 AND NOT (n)-[:CONTACT]-(:Graphite) RETURN n.label, n.area_um2",
    "MATCH (n:NMC) RETURN count(*) AS n, avg(n.area_um2), stdev(n.area_um2), collect(n.label)[0..3]",
    "MATCH (n:NMC) OPTIONAL MATCH (n)-[:CONTACT]-(g:Graphite) RETURN n.label, count(g) ORDER BY n.label SKIP 1 LIMIT 2",
    "MATCH (n:NMC) WHERE EXISTS { (n)-[:CONTACT]-(:SSE) } RETURN n.label, COUNT { (n)--() } AS degree",
    "MATCH (n:NMC) RETURN n.label, COLLECT { MATCH (n)-[:CONTACT]-(m) RETURN m.label ORDER BY m.label } AS near",
    "MATCH (n:NMC) RETURN n.label, [(n)-[:CONTACT]-(m:SSE) | m.label] AS sse, [x IN range(1, 3) WHERE x > 1 | x * 2] AS l",
    "MATCH (s:Sample)<-[:OF]-(i:Image) CALL (i) { MATCH (i)<-[:SEGMENTS]-(g) RETURN count(g) AS n } RETURN s.id, n",
    "MATCH p = shortestPath((a:NMC {label: 1})-[:CONTACT*..5]-(b:NMC {label: 2})) RETURN length(p) AS steps",
    "MATCH p = allShortestPaths((a:NMC {label: 1})-[*..5]-(b:NMC {label: 2})) RETURN count(p)",
    "MATCH p = ANY SHORTEST (a:NMC {label: 1})-[:CONTACT]-+(b:NMC {label: 2}) RETURN length(p)",
    "MATCH (a:NMC {label: 1}) ((x)-[:CONTACT]-(y:SSE)){1,2} (b) RETURN b.label",
    "MATCH (a:NMC {label: 1})-[:CONTACT*1..3]-(b) RETURN DISTINCT b.label",
    "MATCH (n:NMC) RETURN n.label AS x UNION MATCH (n:SSE) RETURN n.label AS x",
    "MATCH (n:NMC) RETURN n.label AS x UNION ALL MATCH (n:SSE) RETURN n.label AS x",
    "MATCH (n:NMC|SSE) WITH n.phase AS phase, count(*) AS n WHERE n > 0 RETURN phase, n ORDER BY n DESC LIMIT 1",
    "MATCH (n:NMC), (m:SSE) WHERE n.label < m.label AND n.area_px = m.area_px - 20 RETURN n.label, m.label",
    "MATCH (n:Particle {key: 'k1:1'}) RETURN n.label",
    "MATCH (n:Particle) WHERE n.key STARTS WITH 'k1:' AND n.key IN ['k1:1', 'k1:2'] RETURN n",
    "MATCH (n) WHERE elementId(n) = '4:x:0' RETURN n",
    "MATCH ()-[c:CONTACT]->() RETURN sum(c.weight_px)",
    "MATCH (a:NMC)-[c]->(b) RETURN type(c), a.label, b.label, CASE WHEN c.gap_px > 1 THEN 'gap' ELSE 'touch' END",
    "MATCH (n:NMC) RETURN CASE WHEN EXISTS { (n)--(:SSE) } THEN [(n)--(m:SSE) | m.label] END AS sse",
    "UNWIND [3, 1, 2] AS x WITH x ORDER BY x RETURN collect(x) AS sorted, reduce(s = 0, y IN collect(x) | s + y) AS sum",
    "RETURN date.truncate('month', date('2026-01-15')) AS d, duration.between(date('2026-01-01'), date()) AS span",
    "RETURN point.distance(point({x: 0, y: 0}), point({x: 3, y: 4})) AS d, datetime.fromEpoch(0, 0) AS t",
    "RETURN percentileCont(1, 0.5) AS p, round(1.234, 2) AS r, toUpper('a') AS u, randomUUID() IS NOT NULL AS id",
    "RETURN 'apoc.load.json(x); LOAD CSV' AS text, \"CALL db.clearQueryCaches()\" AS other",
    "MATCH (n:NMC) WHERE n.`LOAD CSV` IS NULL RETURN n.label // PROFILE\n",
    "/* PROFILE */ RETURN 1 AS x;",
    "CALL db.labels() YIELD label RETURN label ORDER BY label",
    "CALL db.labels",
    "CALL db.relationshipTypes()",
    "CALL db.schema.visualization()",
    "CALL db.schema.nodeTypeProperties() YIELD nodeType, propertyName RETURN nodeType, propertyName",
    "CALL dbms.components() YIELD name, versions RETURN name, versions",
    "SHOW INDEXES",
    "SHOW CONSTRAINTS YIELD name, type RETURN name, type",
    "SHOW PROCEDURES YIELD name WHERE name STARTS WITH 'gds.' RETURN count(*)",
    "SHOW FUNCTIONS YIELD name RETURN count(*)",
    "MATCH (n:NMC) RETURN n.label AS label, percentileDisc(n.area_um2, 0.5) AS p ORDER BY label DESC",
    "MATCH (n:NMC) WITH n ORDER BY n.area_um2 DESC LIMIT 1 MATCH (n)-[:NEAREST]->(m) RETURN n.label, m.label",
    "MATCH (t:TPB)-[:MEETS]->(n:NMC) WITH n, count(t) AS tpbs RETURN n.label, tpbs, tpbs > 1 AS many",
    "FINISH",
]


@pytest.mark.parametrize("text", HONEST)
def test_honest_query_passes(toy_store, text):
    run(toy_store, adhoc(text), timeout_s=30)


def test_named_queries_pass_the_guard(toy_store):
    for query in all_read_queries():
        check_read_only(toy_store, query.text, query.complete({}))


def test_time_limit_holds_where_the_guard_lets_pass(store):
    with pytest.raises(QueryError, match="still running"):
        run(
            store,
            adhoc("UNWIND range(1, 100000000) AS x WITH x WHERE x % 2 = 0 RETURN count(x)"),
            timeout_s=0.2,
        )


def test_brackets_nested_too_deep_never_reach_the_server(store):
    """Its parser takes minutes for a thousand; a hundred pass."""
    deepest = f"RETURN {'(' * 99}1{')' * 99} AS one"
    assert run(store, adhoc(deepest), timeout_s=60)["one"].tolist() == [1]
    for left, right in ("()", "[]"):
        with pytest.raises(QueryError, match="more than 100 levels"):
            run(store, adhoc(f"RETURN {left * 1000}1{right * 1000} AS one"), timeout_s=5)
    assert run(store, adhoc(f"RETURN '{'(' * 1000}' AS text"), timeout_s=60)["text"].str.len().tolist() == [
        1000
    ]


@pytest.mark.parametrize("levels", [150, 3000])
def test_an_answer_nested_too_deep_is_refused(store, levels):
    deep = f"RETURN reduce(a = [], i IN range(1, {levels}) | [a]) AS deep"
    with pytest.raises(QueryError, match="100 levels"):
        run(store, adhoc(deep), timeout_s=60)
