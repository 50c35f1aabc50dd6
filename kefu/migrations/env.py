"""Alembic's entry: one connection, one transaction, one migrating process at a time."""

from __future__ import annotations

from alembic import context
from sqlalchemy import text

import kefu.tables  # noqa: F401  (every table, so that autogenerate sees them)
from kefu.db import Base, engine

# Any constant serves; it names Kefu's migrations among PostgreSQL's advisory locks.
_MIGRATION_LOCK = 7_201_953


def _include(_object, name, type_, reflected, compare_to) -> bool:
    """Leaves out tables of others (Rasa's tracker store may share the database)."""
    return not (type_ == "table" and reflected and compare_to is None)


with engine().connect() as connection:
    if connection.dialect.name == "sqlite":
        # pysqlite would begin late; take the write lock before looking at the version.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    elif connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_object=_include,
        render_as_batch=connection.dialect.name == "sqlite",
        version_table="kefu_schema",
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
