"""Every table and file says what it holds of a person."""

import pytest
from sqlalchemy import inspect

import kefu.tables  # noqa: F401
from kefu.db import Base, engine
from kefu.privacy.holdings import TABLES, Blank, Keep

TOLD = "tell in kefu/privacy/holdings.py what this table holds of a person"


@pytest.mark.parametrize("table", sorted(Base.metadata.tables))
def test_every_table_says_what_it_holds_of_a_person(table):
    assert table in TABLES, TOLD


@pytest.mark.parametrize("table", sorted(TABLES))
def test_what_is_said_of_a_table_names_columns_that_it_has(table):
    holding, columns = TABLES[table], Base.metadata.tables[table].columns
    if isinstance(holding, Keep):
        assert holding.because
        return
    assert holding.by or holding.within, "nothing would ever be found"
    named = {*holding.by, *holding.within, *(holding.values if isinstance(holding, Blank) else ())}
    assert named <= set(columns.keys())
    if isinstance(holding, Blank):
        never = [
            name for name, value in holding.values.items() if value is None and not columns[name].nullable
        ]
        assert never == []


def test_tables_come_before_those_that_their_rows_belong_to():
    order = list(TABLES)
    for name, table in Base.metadata.tables.items():
        for key in table.foreign_keys:
            owner = key.column.table.name
            kept = isinstance(TABLES[owner], Keep | Blank)
            assert kept or order.index(name) < order.index(owner), f"{name} belongs before {owner}"


def test_the_database_has_no_table_that_nobody_speaks_of(installation):
    assert set(inspect(engine()).get_table_names()) - {"kefu_schema"} == set(TABLES)
