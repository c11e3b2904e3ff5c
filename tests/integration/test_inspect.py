"""`exactcast inspect` as a person calls it: what it prints, and what it writes."""

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from pipeline.cli.display.inspection import inspection_text
from pipeline.runs.inspection import inspect_table
from pipeline.versioning.checkout import Checkout
from tests.support.project import Project, copy_project, error_of

HOURS = pd.date_range("2024-03-01", periods=48, freq="h")
PLAIN = "time,load\n" + "".join(f"{time},{n % 7 + 0.5}\n" for n, time in enumerate(HOURS))
BOTH_WAYS = "date,sales\n" + "".join(f"01/{day:02d}/2024,{day}.5\n" for day in range(1, 13))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return copy_project(tmp_path_factory.mktemp("inspect") / "a checkout")


@pytest.fixture
def project(shared: Project) -> Iterator[Project]:
    """A project whose params.yaml is put back after the test."""
    before = shared.read("params.yaml")
    yield shared
    (shared.root / "params.yaml").write_bytes(before)


def put(project: Project, name: str, content: str | bytes) -> str:
    """Write a raw table; return its path in the project."""
    path = project.root / "data/raw" / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return f"data/raw/{name}"


def attempt(project: Project, *arguments: str):
    return project.attempt("python", "-m", "pipeline", "inspect", *arguments)


def ingested(project: Project) -> pd.DataFrame:
    done = project.attempt("python", "-m", "stages.ingest")
    assert done.returncode == 0, done.stdout
    return pd.read_parquet(project.root / "data/series.parquet")


# Of each case what may have to be said, and the series: rows, first and last time, values of a column
# in its first and last row
CASES = [
    ("counter", (), 900, "2024-03-01 00:00", "2024-04-07 11:00", "hertz", 9999999.9968, 10000000.0087),
    ("daily-offsets", (), 117, "2023-01-03", "2023-06-19", "Close", 100.0, 115.6),
    ("gaps", ("frequency=h",), 1200, "2024-01-01 00:00", "2024-02-19 23:00", "flow", 103.456, 110.532),
    ("preamble", (), 300, "2024-03-01 00:00", "2024-03-13 11:00", "AirT", 9.13, 11.29),
    ("sentinels", (), 300, "2024-03-01 00:00", "2024-03-13 11:00", "wind", 3.0, 4.2),
    ("short-months", (), 36, "2021-01-01", "2023-12-01", "Sales", 205.1, 420.5),
    ("thousands", (), 300, "2024-03-01 00:00", "2024-03-13 11:00", "visits", 912, 934),
    ("trading-days", (), 500, "2022-01-03", "2023-12-29", "Close", 100.99, 102.71),
    ("two-time-columns", (), 300, "2024-03-01 00:00", "2024-03-13 11:00", "Power", 9.131, 11.287),
    ("units-row", (), 300, "2024-03-01 00:00", "2024-03-13 11:00", "AirT", 9.13, 11.29),
    ("unix-seconds", (), 300, "2024-03-01 00:00", "2024-03-13 11:00", "Close", 9.13, 11.29),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "said", "n_rows", "start", "end", "column", "first", "last"), CASES
)
def test_ingest_reads_a_case_with_what_is_written(
    project, cases, name, said, n_rows, start, end, column, first, last
):
    table = put(project, f"{name}.csv", (cases / f"{name}.csv").read_bytes())
    answers = [part for answer in said for part in ("-S", f"ingest.{answer}")]

    project.exactcast("inspect", table, "--write", *answers)
    series = ingested(project)

    assert len(series) == n_rows
    assert (series.index[0], series.index[-1]) == (pd.Timestamp(start), pd.Timestamp(end))
    assert (series[column].iloc[0], series[column].iloc[-1]) == (first, last)


def test_what_is_written_for_one_table_replaces_what_was_written_for_another(project, cases):
    def written(name: str) -> pd.DataFrame:
        table = put(project, f"{name}.csv", (cases / f"{name}.csv").read_bytes())
        project.exactcast("inspect", table, "--write")
        return ingested(project)

    visits = written("thousands")["visits"]
    assert (visits.min(), visits.max(), round(visits.mean(), 1)) == (712, 1078, 906.1)
    wind = written("sentinels")["wind"]
    assert (int(wind.isna().sum()), round(wind.std(), 2)) == (3, 0.42)
    assert written("two-time-columns")["Power"].isna().sum() == 1
    stores = written("long-stores")["sales"]
    assert {name: stores[name].iloc[:2].tolist() for name in stores.index.levels[0]} == {
        "1": [100, 101], "2": [200, 201], "3": [300, 301],
    }  # fmt: skip


def test_comments_and_other_parameters_stay_when_lines_are_written(project):
    before = project.read("params.yaml").decode().splitlines()
    table = put(project, "plain.csv", PLAIN)

    project.exactcast("inspect", table, "--write")

    after = project.read("params.yaml").decode().splitlines()
    changed = [new for old, new in zip(before, after, strict=True) if old != new]
    assert [line.split("#")[0].strip() for line in changed] == [
        "raw: data/raw/plain.csv",
        "time: time",
    ]
    assert all("#" in line for line in changed)
    assert project.read(table).decode() == PLAIN


def test_without_being_asked_it_writes_nothing(project):
    before = project.read("params.yaml")
    table = put(project, "plain.csv", PLAIN)

    printed = project.exactcast("inspect", table)
    found = json.loads(project.exactcast("inspect", table, "--json"))

    assert "  raw: data/raw/plain.csv\n  time: time\n" in printed
    assert "it gives 48 rows x 1 column, every hour, from 2024-03-01 00:00:00" in printed
    assert found["changes"] == {"raw": table, "time": "time"}
    assert found["settings"]["separator"] == ","
    assert project.read("params.yaml") == before


def test_of_two_readings_the_user_names_one(project):
    before = project.read("params.yaml")
    table = put(project, "days.csv", BOTH_WAYS)

    refused = attempt(project, table, "--write")

    assert refused.returncode == 1
    assert "-S 'ingest.time_format=\"%m/%d/%Y\"'" in refused.stdout
    assert "Answer what is asked above with -S" in error_of(refused)
    assert project.read("params.yaml") == before

    project.exactcast("inspect", table, "--write", "-S", "ingest.time_format=%m/%d/%Y")
    assert 'time_format: "%m/%d/%Y"' in project.read("params.yaml").decode()


def test_a_table_from_elsewhere_is_described_and_not_written(project, tmp_path):
    (tmp_path / "notes.txt").write_text(PLAIN)

    done = attempt(project, str(tmp_path / "notes.txt"), "--write")

    assert "48 rows x 1 column" in done.stdout
    assert "Copy it to data/raw/" in error_of(done)
    assert done.returncode == 1


def test_what_is_no_table_ends_in_one_sentence(project):
    binary = attempt(project, put(project, "binary.csv", bytes(range(256)) * 40))
    folder = attempt(project, "data/raw")
    missing = attempt(project, "data/raw/none.csv")

    assert error_of(binary).startswith("error: data/raw/binary.csv is not a table")
    assert error_of(folder).startswith("error: data/raw is not a file.")
    assert error_of(missing) == "error: There is no file data/raw/none.csv. Correct the path.\n"
    assert binary.returncode == folder.returncode == missing.returncode == 1


def test_what_is_given_has_to_be_about_the_table(project):
    table = put(project, "plain.csv", PLAIN)

    other = attempt(project, table, "-S", "train.epochs=3")
    wrong = attempt(project, table, "-S", "ingest.time=when")

    assert "-S train.epochs says nothing of how a table is read." in error_of(other)
    assert "has no column 'when' (ingest.time)" in wrong.stdout
    assert other.returncode == wrong.returncode == 1


def test_the_text_fits_eighty_columns(project, cases: Path, monkeypatch):
    monkeypatch.chdir(cases)
    for case in ("gaps.csv", "two-time-columns.csv", "long-stores.csv"):
        inspection = inspect_table(Checkout(project.root), case, ())
        assert max(map(len, inspection_text(inspection, 80).splitlines())) <= 80
