"""A raw table that is a query of a database, fetched by DVC: here SQLite, which needs no server."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from tests.support.chain import run_ingest
from tests.support.project import Project, error_of
from tests.support.toy import run

MINE = "data/raw/mine.csv"
QUERY = "select date, oil from readings order by date"


def write(database: Path, rows: list[tuple[str, float | None]]) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("create table if not exists readings (date text, oil real)")
        connection.executemany("insert into readings values (?, ?)", rows)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    write(tmp_path / "station.db", [("2024-01-02", 2.5), ("2024-01-01", 0.1 + 0.2)])
    return tmp_path / "station.db"


@pytest.fixture
def importing(toy_copy: Project, database: Path) -> Project:
    """A project whose raw table is imported from the database, with a run on it."""
    toy_copy.dvc("remove", "--quiet", f"{MINE}.dvc")
    toy_copy.dvc("config", "--local", "db.station.url", f"sqlite:///{database}")
    toy_copy.dvc("import-db", "--quiet", "--conn", "station", "--sql", QUERY, "--out", MINE, "--force")  # fmt: skip
    toy_copy.commit("an imported table")
    run(toy_copy)
    toy_copy.commit("a run on it")
    return toy_copy


def series_of(project: Project) -> list[float]:
    return pd.read_parquet(project.root / "data/series.parquet")["oil"].tolist()


def test_the_answer_of_a_query_is_a_raw_table_like_any_other(
    importing: Project, database: Path, tmp_path: Path
):
    write(database, [("2024-01-03", None), ("2024-01-04", 1e-300)])
    importing.dvc("update", "--quiet", f"{MINE}.dvc")

    series = run_ingest(tmp_path, importing.read(MINE), "ingest.gaps=skip")

    assert series.index.tolist() == [*pd.date_range("2024-01-01", "2024-01-04")]
    assert series["oil"].dropna().tolist() == [0.1 + 0.2, 2.5, 1e-300]  # to the last bit


def test_a_run_fetches_new_rows_of_a_database_when_asked_to(importing: Project, database: Path):
    write(database, [("2024-01-03", 4.5)])

    assert set(run(importing)["states"].values()) == {"up to date"}
    assert series_of(importing) == [0.1 + 0.2, 2.5]
    run(importing, "--refresh")
    assert series_of(importing) == [0.1 + 0.2, 2.5, 4.5]


def test_an_isolated_run_fetches_from_the_database_too(importing: Project, database: Path):
    write(database, [("2024-01-03", 4.5)])

    made = run(importing, "--refresh", "--isolated", "--name", "newer")

    assert series_of(importing) == [0.1 + 0.2, 2.5]  # the workspace is as it was
    importing.dvc("exp", "apply", "--quiet", made["experiment"])
    assert series_of(importing) == [0.1 + 0.2, 2.5, 4.5]


def test_a_database_that_does_not_answer_ends_the_run_with_its_words_and_loses_nothing(
    importing: Project, database: Path
):
    table = importing.read(MINE)
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("drop table readings")

    refused = importing.attempt("python", "-m", "pipeline", "run", "--no-prefect", "--refresh")

    assert refused.returncode == 1
    assert "no such table: readings" in error_of(refused)
    assert len(error_of(refused).strip().splitlines()) == 1
    assert importing.read(MINE) == table
    assert importing.git("status", "--porcelain") == ""
    assert series_of(importing) == [0.1 + 0.2, 2.5]
