"""The packages beside ours, each doing the same things in the way that its documentation recommends.

One that knows transactions commits, with a sync, what it was given in 10 ms, as ours does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from engines import HOPS, Engine

#: Seconds of writes that are gathered in one transaction.
GROUP = 0.010


class _Grouped(Engine):
    """One that knows transactions."""

    def begin(self) -> None:
        raise NotImplementedError

    def commit(self) -> None:
        raise NotImplementedError

    def put(self, name: str, content: str, vector: Any) -> None:
        raise NotImplementedError

    def learn(self, names: Sequence[str], contents: Sequence[str], vectors: Sequence[Any] | None) -> float:
        clock, put = time.perf_counter, self.put
        began = clock()
        rows: Iterable[tuple[str, str, Any]]
        rows = zip(names, contents, vectors) if vectors is not None else ((n, c, None) for n, c in zip(names, contents))
        self.begin()
        due = began + GROUP
        for name, content, vector in rows:
            put(name, content, vector)
            if clock() >= due:
                self.commit()
                self.begin()
                due = clock() + GROUP
        self.commit()
        return clock() - began

    def link(self, source: str, target: str) -> None:
        raise NotImplementedError

    def associate(self, sources: Sequence[str], targets: Sequence[str]) -> float:
        clock, link = time.perf_counter, self.link
        began = clock()
        self.begin()
        due = began + GROUP
        for source, target in zip(sources, targets):
            link(source, target)
            if clock() >= due:
                self.commit()
                self.begin()
                due = clock() + GROUP
        self.commit()
        return clock() - began


class Lmdb(_Grouped):
    """Contents and vectors by key, neighbours as sorted duplicates."""

    name = package = "lmdb"
    durable = "each write transaction of 10 ms, synced by its commit"

    def __init__(self, folder: Path, dimension: int) -> None:
        lmdb: Any = import_module("lmdb")
        self.env = lmdb.open(str(folder), map_size=32 << 30, max_dbs=3)
        self.contents = self.env.open_db(b"contents")
        self.vectors = self.env.open_db(b"vectors")
        self.edges = self.env.open_db(b"edges", dupsort=True)

    def begin(self) -> None:
        self.txn = self.env.begin(write=True)

    def commit(self) -> None:
        self.txn.commit()

    def put(self, name: str, content: str, vector: Any) -> None:
        key = name.encode()
        self.txn.put(key, content.encode(), db=self.contents)
        if vector is not None:
            self.txn.put(key, vector.data, db=self.vectors)

    def learn_batches(self, names: Sequence[str], contents: Sequence[str], vectors: Any, batch: int) -> None:
        for start in range(0, len(names), batch):
            with self.env.begin(write=True) as txn:
                rows = range(start, min(start + batch, len(names)))
                cursor = txn.cursor(self.contents)
                cursor.putmulti([(names[row].encode(), contents[row].encode()) for row in rows])
                if vectors is not None:
                    txn.cursor(self.vectors).putmulti([(names[row].encode(), vectors[row].data) for row in rows])

    def link(self, source: str, target: str) -> None:
        self.txn.put(source.encode(), target.encode(), db=self.edges)

    def associate_batch(self, sources: Sequence[str], targets: Sequence[str]) -> None:
        with self.env.begin(write=True) as txn:
            txn.cursor(self.edges).putmulti([(s.encode(), t.encode()) for s, t in zip(sources, targets)])

    def reader(self) -> tuple[Callable[[str], Any], Callable[[str], Any]]:
        txn = self.env.begin(buffers=False)
        cursor = txn.cursor(self.edges)

        def neighbors(name: str) -> list[str]:
            return [target.decode() for target in cursor.iternext_dup()] if cursor.set_key(name.encode()) else []

        self.reading = txn
        return lambda name: txn.get(name.encode(), db=self.contents).decode(), neighbors

    def close(self) -> None:
        self.env.close()


class Kuzu(_Grouped):
    """A table of nodes and one of edges; prepared statements."""

    name = package = "kuzu"
    durable = "each transaction of 10 ms, its log synced by the commit; batches by COPY, checkpointed"
    slower = 50

    def __init__(self, folder: Path, dimension: int) -> None:
        kuzu: Any = import_module("kuzu")
        self.database = kuzu.Database(str(folder / "kuzu"), buffer_pool_size=2 << 30)
        self.connection = kuzu.Connection(self.database)
        vector = f", vector FLOAT[{dimension}]" if dimension else ""
        self.connection.execute(f"CREATE NODE TABLE Concept(name STRING PRIMARY KEY, content STRING{vector})")
        self.connection.execute("CREATE REL TABLE Linked(FROM Concept TO Concept)")
        given = ", vector: $vector" if dimension else ""
        self.create = self.connection.prepare(f"CREATE (:Concept {{name: $name, content: $content{given}}})")
        ends = "MATCH (s:Concept {name: $source}), (t:Concept {name: $target})"
        self.join = self.connection.prepare(f"{ends} CREATE (s)-[:Linked]->(t)")
        self.dimension = dimension

    def begin(self) -> None:
        self.connection.execute("BEGIN TRANSACTION")

    def commit(self) -> None:
        self.connection.execute("COMMIT")

    def put(self, name: str, content: str, vector: Any) -> None:
        row: dict[str, Any] = {"name": name, "content": content}
        if vector is not None:
            row["vector"] = vector.tolist()
        self.connection.execute(self.create, row)

    def learn_batches(self, names: Sequence[str], contents: Sequence[str], vectors: Any, batch: int) -> None:
        pyarrow: Any = import_module("pyarrow")
        for start in range(0, len(names), batch):
            rows = slice(start, start + batch)
            columns = {"name": pyarrow.array(names[rows]), "content": pyarrow.array(contents[rows])}
            if vectors is not None:
                flat = pyarrow.array(vectors[rows].reshape(-1))
                columns["vector"] = pyarrow.FixedSizeListArray.from_arrays(flat, self.dimension)
            self.connection.execute("COPY Concept FROM $rows", {"rows": pyarrow.table(columns)})

    def link(self, source: str, target: str) -> None:
        self.connection.execute(self.join, {"source": source, "target": target})

    def associate_batch(self, sources: Sequence[str], targets: Sequence[str]) -> None:
        pyarrow: Any = import_module("pyarrow")
        table = pyarrow.table({"from": pyarrow.array(sources), "to": pyarrow.array(targets)})
        self.connection.execute("COPY Linked FROM $rows", {"rows": table})

    def reader(self) -> tuple[Callable[[str], Any], Callable[[str], Any]]:
        get = self.connection.prepare("MATCH (c:Concept {name: $name}) RETURN c.content")
        near = self.connection.prepare("MATCH (:Concept {name: $name})-[:Linked]->(c) RETURN c.name")

        def rows(statement: Any, name: str) -> list[Any]:
            result = self.connection.execute(statement, {"name": name})
            found = []
            while result.has_next():
                found.append(result.get_next()[0])
            return found

        return lambda name: rows(get, name)[0], lambda name: rows(near, name)

    def finder(self) -> Callable[[str, str], Any]:
        ends = "(:Concept {name: $source})-[:Linked* SHORTEST 1.." + str(HOPS) + "]->(:Concept {name: $target})"
        way = self.connection.prepare(f"MATCH p = {ends} RETURN properties(nodes(p), 'name')")

        def find(start: str, end: str) -> Any:
            result = self.connection.execute(way, {"source": start, "target": end})
            return result.get_next()[0] if result.has_next() else None

        return find

    def close(self) -> None:
        self.connection.close()
        self.database.close()


class LanceDb(Engine):
    """A table of rows with an index by name; it has no associations."""

    name, package = "lancedb", "lancedb"
    durable = "each call is a version of the table, its files written and not synced"
    slower = 500
    links = False

    def __init__(self, folder: Path, dimension: int) -> None:
        lancedb: Any = import_module("lancedb")
        self.pyarrow: Any = import_module("pyarrow")
        fields = [("name", self.pyarrow.string()), ("content", self.pyarrow.string())]
        if dimension:
            fields.append(("vector", self.pyarrow.list_(self.pyarrow.float32(), dimension)))
        self.schema = self.pyarrow.schema(fields)
        self.table = lancedb.connect(str(folder)).create_table("concepts", schema=self.schema)
        self.dimension = dimension

    def learn(self, names: Sequence[str], contents: Sequence[str], vectors: Sequence[Any] | None) -> float:
        began = time.perf_counter()
        for row, name in enumerate(names):
            values = {"name": name, "content": contents[row]}
            self.table.add([values if vectors is None else values | {"vector": vectors[row]}])
        return time.perf_counter() - began

    def learn_batches(self, names: Sequence[str], contents: Sequence[str], vectors: Any, batch: int) -> None:
        for start in range(0, len(names), batch):
            rows = slice(start, start + batch)
            columns = [self.pyarrow.array(names[rows]), self.pyarrow.array(contents[rows])]
            if vectors is not None:
                flat = self.pyarrow.array(vectors[rows].reshape(-1))
                columns.append(self.pyarrow.FixedSizeListArray.from_arrays(flat, self.dimension))
            self.table.add(self.pyarrow.table(columns, schema=self.schema))

    def reader(self) -> tuple[Callable[[str], Any], None]:
        self.table.create_scalar_index("name")

        def get(name: str) -> str:
            return str(self.table.search().where(f"name = '{name}'").select(["content"]).to_list()[0]["content"])

        return get, None


PEERS: list[type[Engine]] = [Lmdb, LanceDb, Kuzu]
