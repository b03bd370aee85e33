"""What the PostgreSQL store says when the server, the network or the rights are bad: soon, in words, without harm."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest

from portico.adapters import postgres_schema
from portico.adapters.migrations import Migration, SchemaTooNew, migrations
from portico.adapters.postgres import PostgresStore
from portico.adapters.postgres_session import ANSWER_SECONDS
from portico.ports.changes import Gap
from portico.ports.store import Store, StoreConflict, StoreInDoubt, StoreUnavailable
from postgres_scene import PASSWORD, PostgresServer, postgres_server, until

TOLD_SECONDS = 6 * ANSWER_SECONDS
"""One answer's time, and what a busy machine takes; twelve that wait one after another would take twice as long."""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """One whose faults are these tests' own."""
    with postgres_server() as server:
        yield server


@pytest.fixture
def url(server: PostgresServer) -> str:
    return server.new_database()


@pytest.fixture
def store(url: str) -> Iterator[PostgresStore]:
    with opened(url) as store:
        put(store, "first")
        yield store


@contextmanager
def opened(url: str) -> Iterator[PostgresStore]:
    store = PostgresStore(url)
    try:
        yield store
    finally:
        store.close()


def put(store: Store, key: str) -> None:
    with store.write() as unit:
        unit.put("resource", "api1", key, {"id": key})


def keys(store: Store) -> list[str]:
    with store.read() as view:
        return [key for key, _ in view.find("resource", "api1")]


def name_of(url: str) -> str:
    return url.rpartition("/")[2]


def told(url: str) -> str:
    """What a store that cannot be used says, and says again."""
    with opened(url) as store:
        messages = set()
        for use in (store.identity, store.head, lambda: put(store, "x")):
            with pytest.raises(StoreUnavailable) as caught:
                use()
            messages.add(str(caught.value))
        (message,) = messages
        assert PASSWORD not in message
        return message


def soon(use: Callable[[], object], error: type[Exception] = StoreUnavailable) -> None:
    """It raises, and does not take long about it."""
    began = time.monotonic()
    with pytest.raises(error):
        use()
    assert time.monotonic() - began < TOLD_SECONDS


def works(store: Store) -> bool:
    try:
        return "first" in keys(store)
    except StoreUnavailable:
        return False


class TestDoors:
    """Databases that cannot be opened."""

    def test_a_wrong_password(self, server: PostgresServer, url: str) -> None:
        message = told(server.url(name_of(url), password="something-else"))
        assert 'password authentication failed for user "postgres"' in message
        assert message.startswith(f"postgresql://postgres@127.0.0.1:{server.port}/{name_of(url)}: ")
        assert "something-else" not in message

    def test_a_database_that_is_missing(self, server: PostgresServer) -> None:
        assert 'database "nowhere" does not exist' in told(server.url("nowhere"))

    def test_a_user_that_is_missing(self, server: PostgresServer) -> None:
        assert "password authentication failed" in told(server.url(user="nobody"))

    def test_a_port_where_nobody_is(self, server: PostgresServer) -> None:
        assert "Connection refused" in told(server.url().replace(str(server.port), "1"))

    def test_a_host_that_is_not_known(self) -> None:
        assert "postgresql://u@nowhere.invalid/d: " in told("postgresql://u:p@nowhere.invalid/d")

    def test_a_role_that_may_make_no_tables(self, server: PostgresServer, url: str) -> None:
        server.sql("CREATE ROLE guest LOGIN PASSWORD 'x'; REVOKE CREATE ON SCHEMA public FROM PUBLIC", name_of(url))
        message = told(server.url(name_of(url), "guest", "x"))
        assert "the role may not do that, see its grants" in message
        assert "permission denied for schema public" in message

    def test_a_role_that_may_not_read_the_tables(self, server: PostgresServer, store: PostgresStore, url: str) -> None:
        server.sql("CREATE ROLE stranger LOGIN PASSWORD 'x'")
        assert "permission denied for table" in told(server.url(name_of(url), "stranger", "x"))

    def test_a_server_that_takes_no_writes(self, server: PostgresServer, store: PostgresStore, url: str) -> None:
        server.sql(f"ALTER DATABASE {name_of(url)} SET default_transaction_read_only = on")
        assert "read-only" in told(url)

    def test_one_who_may_only_read_does_not_write(self, server: PostgresServer, store: PostgresStore, url: str) -> None:
        server.sql("CREATE ROLE reader LOGIN PASSWORD 'x'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
        server.sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader", name_of(url))
        with opened(server.url(name_of(url), "reader", "x")) as readers:
            assert keys(readers) == ["first"]
            with pytest.raises(StoreUnavailable, match="the role may not do that"):
                put(readers, "second")

    def test_a_database_of_somebody_else(self, server: PostgresServer, url: str) -> None:
        server.sql("CREATE TABLE schema_version (x int); CREATE TABLE orders (x int)", name_of(url))
        assert "has tables, but not Portico's: give Portico a database of its own" in told(url)
        assert server.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", name_of(url)) == [(2,)]

    def test_a_schema_of_ones_own_beside_somebody_else(self, server: PostgresServer, url: str) -> None:
        server.sql("CREATE TABLE orders (x int); CREATE SCHEMA gateway", name_of(url))
        with opened(f"{url}?options=-csearch_path%3Dgateway") as store:
            put(store, "first")
            assert keys(store) == ["first"]

    def test_an_encoding_that_cannot_hold_every_text(self, server: PostgresServer) -> None:
        server.sql("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
        assert "its encoding is LATIN1, and Portico needs UTF8" in told(server.url("latin"))

    def test_a_database_that_is_to_be_there_already(self, server: PostgresServer, url: str) -> None:
        store = PostgresStore(url, make=False)
        with pytest.raises(StoreUnavailable, match="there is nothing of Portico's in it"):
            store.head()
        store.close()
        assert server.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", name_of(url)) == [(0,)]

    def test_a_closed_store_says_so(self, url: str) -> None:
        store = PostgresStore(url)
        store.close()
        with pytest.raises(StoreUnavailable, match="the store is closed"):
            store.head()


class TestSchema:
    def test_a_newer_schema_is_refused_and_left_alone(
        self, server: PostgresServer, store: PostgresStore, url: str
    ) -> None:
        server.sql("UPDATE schema_version SET version = 99", name_of(url))
        with opened(url) as later, pytest.raises(SchemaTooNew, match="has schema 99 and this Portico knows schemas up"):
            later.head()
        assert server.sql("SELECT version FROM schema_version", name_of(url)) == [(99,)]

    def test_an_older_schema_is_brought_up_whole_or_not_at_all(
        self, server: PostgresServer, store: PostgresStore, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        known = migrations("postgresql")
        good = Migration(len(known) + 1, "label", ("ALTER TABLE document ADD COLUMN label TEXT",))
        bad = Migration(len(known) + 2, "broken", ("CREATE TABLE extra (x int)", "ALTER TABLE nowhere ADD y int"))
        monkeypatch.setattr(postgres_schema, "migrations", lambda _dialect: (*known, good, bad))
        assert 'relation "nowhere" does not exist' in told(url)
        assert server.sql("SELECT version FROM schema_version", name_of(url)) == [(len(known),)]
        assert server.sql("SELECT to_regclass('extra')", name_of(url)) == [(None,)]
        monkeypatch.setattr(postgres_schema, "migrations", lambda _dialect: (*known, good))
        with opened(url) as later:
            assert keys(later) == ["first"]
        assert server.sql("SELECT version FROM schema_version", name_of(url)) == [(len(known) + 1,)]

    def test_nodes_that_start_at_once_make_one_database(self, server: PostgresServer, url: str) -> None:
        with ExitStack() as stack:
            nodes = [stack.enter_context(opened(url)) for _ in range(8)]
            identities: list[str] = []
            together(*(lambda node=node: identities.append(node.identity()) for node in nodes))
            assert len(identities) == 8 and len(set(identities)) == 1
        assert server.sql("SELECT count(*) FROM database", name_of(url)) == [(1,)]


class TestFaults:
    """A store that was open when things went bad."""

    def test_a_paused_server_is_told_at_once_and_is_back_at_once(
        self, server: PostgresServer, store: PostgresStore
    ) -> None:
        with server.paused():
            soon(lambda: keys(store))
            for use in (lambda: put(store, "x"), store.head, store.identity, lambda: store.since(0)):
                began = time.monotonic()
                with pytest.raises(StoreUnavailable, match="the server does not answer"):
                    use()
                assert time.monotonic() - began < ANSWER_SECONDS, "nobody waits for an answer once more"
        until(lambda: works(store))
        assert keys(store) == ["first"]

    def test_threads_that_were_waiting_are_all_told_soon(self, server: PostgresServer, store: PostgresStore) -> None:
        def use() -> None:
            soon(lambda: put(store, "x"))

        with server.paused():
            together(*[use] * 12)
        until(lambda: works(store))

    def test_a_server_that_is_paused_within_a_transaction(self, server: PostgresServer, store: PostgresStore) -> None:
        def write() -> None:
            with store.write() as unit:
                unit.put("resource", "api1", "second", {})
                server.pause()
                soon(lambda: unit.get("resource", "api1", "first"))

        with pytest.raises(StoreUnavailable, match="the server does not answer"):
            write()
        server.resume()
        until(lambda: works(store))
        put(store, "third")
        assert keys(store) == ["first", "third"]

    def test_a_commit_that_was_not_answered_is_in_doubt(self, server: PostgresServer, store: PostgresStore) -> None:
        def write() -> None:
            with store.write() as unit:
                unit.put("resource", "api1", "second", {})
                server.pause()

        soon(write, StoreInDoubt)
        server.resume()
        until(lambda: works(store))
        put(store, "third")
        assert keys(store) in (["first", "second", "third"], ["first", "third"])

    def test_a_server_killed_within_a_transaction_has_nothing_of_it(
        self, server: PostgresServer, store: PostgresStore
    ) -> None:
        with pytest.raises(StoreUnavailable), store.write() as unit:  # noqa: PT012 - the block is the transaction
            unit.put("resource", "api1", "second", {})
            unit.stand("stage", "api1/prod", {})
            server.kill()
            unit.put("resource", "api1", "third", {})
        soon(lambda: keys(store))
        server.start()
        until(lambda: works(store))
        assert keys(store) == ["first"]
        assert store.head() == 0

    def test_a_connection_reset_between_two_statements(self, server: PostgresServer, store: PostgresStore) -> None:
        with pytest.raises(StoreUnavailable, match="terminating connection"), store.write() as unit:  # noqa: PT012
            unit.put("resource", "api1", "second", {})
            cut_off(server)
            with suppress(StoreUnavailable):
                unit.put("resource", "api1", "third", {})
        assert keys(store) == ["first"]

    def test_connections_that_broke_while_idle_are_not_noticed(
        self, server: PostgresServer, store: PostgresStore
    ) -> None:
        cut_off(server)
        assert keys(store) == ["first"]
        server.stop()
        server.start()
        assert keys(store) == ["first"]

    def test_a_full_disk_refuses_the_write_and_serves_again(self, server: PostgresServer, store: PostgresStore) -> None:
        """No file of the server may grow beyond 18 MB: room for its log of 16 MB pieces, none for what is stored."""
        server.stop()
        server.start(largest_file=18 << 20)
        with pytest.raises(StoreUnavailable, match="could not extend file"), store.write() as unit:  # noqa: PT012
            unit.put("resource", "api1", "lost", {})
            unit.put_snapshot("big", os.urandom(24 << 20))
        assert keys(store) == ["first"]
        server.stop()
        server.start()
        put(store, "second")
        assert keys(store) == ["first", "second"]

    def test_a_failover_is_another_identity_over_the_same_data(
        self, server: PostgresServer, store: PostgresStore
    ) -> None:
        with store.write() as unit:
            unit.stand("stage", "api1/prod", {})
        before = store.identity()
        server.become_standby()
        with pytest.raises(StoreUnavailable, match="read-only"):
            put(store, "second")
        server.promote()
        until(lambda: works(store))
        assert store.identity() != before
        assert store.head() == 1
        put(store, "second")
        assert keys(store) == ["first", "second"]


class TestWriters:
    def test_a_writer_of_another_node_is_waited_for(self, store: PostgresStore, url: str) -> None:
        entered, leave = threading.Event(), threading.Event()

        def hold() -> None:
            with store.write():
                entered.set()
                leave.wait(10)

        with opened(url) as other:
            holder = threading.Thread(target=hold)
            holder.start()
            entered.wait(10)
            threading.Timer(0.6, leave.set).start()  # longer than one attempt at the lock takes
            put(other, "second")
            holder.join()
            assert keys(other) == ["first", "second"]

    def test_a_writer_of_another_node_is_a_conflict_after_the_patience(self, store: PostgresStore, url: str) -> None:
        other = PostgresStore(url, patience=0.05)
        with store.write(), pytest.raises(StoreConflict, match=r"another writer has been writing for 0\.05 s"):
            put(other, "second")
        put(other, "third")
        assert keys(other) == ["first", "third"]
        other.close()

    def test_whoever_follows_the_feed_misses_nothing_of_any_writer(self, url: str) -> None:
        """Three nodes with two threads each write; a fourth reads on and on, and sees every number once, in order."""
        with ExitStack() as stack:
            nodes = [stack.enter_context(opened(url)) for _ in range(3)]
            follower = stack.enter_context(opened(url))

            def write(node: PostgresStore, who: int) -> None:
                for at in range(25):
                    with node.write() as unit:
                        unit.stand("stage", f"{who}/{at}", {})

            seen: list[int] = []

            def follow() -> None:
                while len(seen) < 150:
                    seen.extend(change.seq for change in follower.since(seen[-1] if seen else 0))

            writers = [(lambda who=who: write(nodes[who % 3], who)) for who in range(6)]
            together(follow, *writers)
            assert seen == list(range(1, 151))

    def test_connections_are_bounded(self, server: PostgresServer, url: str) -> None:
        store = PostgresStore(url, connections=2)
        counted: list[int] = []

        def read() -> None:
            with store.read() as view:
                view.find("resource", "api1")
                counted.append(server.backends(name_of(url)))

        together(*[read] * 8)
        assert len(counted) == 8 and max(counted) <= 2
        store.close()
        until(lambda: server.backends(name_of(url)) == 0)

    def test_fewer_connections_than_wanted_are_shared(self, server: PostgresServer, url: str) -> None:
        server.sql("CREATE ROLE few LOGIN PASSWORD 'few' CONNECTION LIMIT 1")
        server.sql("GRANT ALL ON SCHEMA public TO few", name_of(url))
        with opened(server.url(name_of(url), "few", "few")) as store:
            writers = [(lambda key=f"k{number}": put(store, key)) for number in range(8)]
            together(*writers, *[lambda: keys(store)] * 8)
            assert len(keys(store)) == 8

    def test_names_that_no_text_can_hold_are_not_there(self, store: PostgresStore) -> None:
        with store.read() as view:
            assert view.get("resource", "api1", "fir\0st") is None
            assert view.find("resource", "\0") == []


class TestMemoryOfTheFeed:
    def test_a_number_from_before_its_memory_is_a_gap(self, url: str) -> None:
        store = PostgresStore(url, kept_changes=3)
        for n in range(1, 11):
            with store.write() as unit:
                unit.stand("stage", str(n % 2), {"n": n})
        with pytest.raises(Gap, match="changes 8 to 10 are known, not what happened since 6"):
            store.since(6)
        assert [change.seq for change in store.since(7)] == [9, 10]
        store.close()


def together(*works: Callable[[], object]) -> None:
    """Each in a thread of its own. Raises what one of them raised."""
    failures: list[BaseException] = []

    def run(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def cut_off(server: PostgresServer) -> None:
    server.sql("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'portico'")
