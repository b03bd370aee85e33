"""The lists of migrations: whole, in order, and never run backwards."""

import pytest

from portico.adapters.migrations import Migration, SchemaTooNew, migrations, pending


@pytest.mark.parametrize("dialect", ["sqlite"])
class TestEachDialect:
    def test_numbers_begin_at_one_and_have_no_holes(self, dialect: str) -> None:
        known = migrations(dialect)
        assert [migration.version for migration in known] == list(range(1, len(known) + 1))

    def test_no_statement_is_cut_in_two(self, dialect: str) -> None:
        for migration in migrations(dialect):
            for statement in migration.statements:
                assert statement.count("(") == statement.count(")"), f"{migration.name}: {statement}"


class TestPending:
    KNOWN = tuple(Migration(version, f"step {version}", ()) for version in (1, 2, 3))

    @pytest.mark.parametrize(("version", "missing"), [(0, [1, 2, 3]), (1, [2, 3]), (3, [])])
    def test_only_what_the_database_lacks(self, version: int, missing: list[int]) -> None:
        assert [migration.version for migration in pending(self.KNOWN, version, "x.db")] == missing

    def test_a_newer_database_is_refused_by_name(self) -> None:
        with pytest.raises(SchemaTooNew, match=r"x\.db: has schema 4 and this Portico knows schemas up to 3"):
            pending(self.KNOWN, 4, "x.db")
