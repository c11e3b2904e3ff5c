"""Ingest, as its own process, on small tables as people have them."""

import io

import numpy as np
import pandas as pd
import pytest

from pipeline.runs.overrides import apply_overrides

SENTINEL = (
    "warning: Column 'wind' holds -9999 in 3 rows (the first is row {}), far from all other values (3 "
    "to 4.2). It is read as a number; if it stands for missing values, set "
    "ingest.missing_values: [-9999] and ingest.gaps."
)
HINT = " `exactcast inspect data/raw/table.csv` says how it can be read."


def ingest(project, table, *changes):
    """Ingest a table with changes of the ingest section; return what was printed, in lines."""
    (project.root / "data/raw/table.csv").write_bytes(table)
    overrides = ["raw=data/raw/table.csv", *changes]
    apply_overrides(project.root, [f"ingest.{change}" for change in overrides])
    return project.attempt("python", "-m", "stages.ingest").stdout.splitlines()


def test_a_number_that_may_stand_for_missing_values_is_named_and_kept(project):
    rows = [f"2024-01-01 {hour:02d}:00,{3 + 0.3 * (hour % 5):.1f}\n" for hour in range(24)]
    for hour in (5, 9, 17):
        rows[hour] = f"2024-01-01 {hour:02d}:00,-9999\n"

    printed = ingest(project, ("time,wind\n" + "".join(rows)).encode(), "time=time")

    assert SENTINEL.format(6) in printed
    assert printed[-1] == (
        "ingest: data/raw/table.csv, 24 rows x 1 features from 2024-01-01 00:00:00 to 2024-01-01 23:00:00"
    )


@pytest.mark.parametrize(
    ("name", "changes", "last_line"),
    [
        ("thousands", ["time=time", "separator=;"],
         "error: Column 'visits', row 3: '1,000' is not a number. ',' seems to separate thousands: set "
         "ingest.thousands: \",\"."),
        ("thousands", ["time=time", "separator=;", "decimal=,"],
         "error: Column 'visits', row 3: '1,000' would be read as 1.0, but ',' seems to separate "
         "thousands: every cell with it ends in a group of three digits, every other is a whole number up "
         "to 999. If it does, set ingest.thousands: \",\" and ingest.decimal: \".\". If "
         "it is the decimal mark, write all cells of the column with three decimals, such as 912,000."),
        ("two-time-columns", ["separator=;", "time=Date", "time_format=%d/%m/%Y"],
         "error: Column 'Power', row 51: '?' is not a number. Correct the cell, or, if it stands for a "
         "missing value, list it: ingest.missing_values: [\"?\"] (see ingest.gaps); or leave the column out "
         "of ingest.targets."),
        ("two-time-columns", ["separator=;", "time=Date", "time_format=%d/%m/%Y", "targets=[Volt]"],
         "error: The time 2024-03-01 00:00:00 stands twice, in rows 1 and 2 (doubled times in all: 287). "
         "Column 'Time' holds times of day: set ingest.time: [Date, Time], and ingest.time_format to that of "
         "both, with a space between them."),
        ("two-time-columns", ["separator=;", "time=Time", "time_format=%H:%M:%S", "targets=[Volt]"],
         "error: ingest.time_format='%H:%M:%S' does not hold the whole time: it writes 2017-11-23 14:35:46 "
         "as '14:35:46', which reads as 1900-01-01 14:35:46. Write a format with year, month, day and "
         "every unit down to the finest (%p with %I); if date and time stand in two columns, list both in "
         "ingest.time."),
        ("long-stores", ["time=date"],
         "error: The time 2024-01-01 00:00:00 stands twice, in rows 1 and 2 (doubled times in all: 240). "
         "The table seems to hold several series below each other, told apart by column 'store' "
         "(different values: 3). Set ingest.id: store."),
        ("long-stores", ["time=date", "id=store"],
         "ingest: data/raw/table.csv, 3 series, 360 rows x 1 features from 2024-01-01 00:00:00 to "
         "2024-04-29 00:00:00"),
        ("long-stores", ["time=date", "id=stor"],
         "error: The raw table data/raw/table.csv has no column 'stor' (ingest.id); the nearest name is "
         "'store'. Correct ingest.id."),
        ("long-stores", ["time=date", "id=[store, sales]"],
         "error: The raw table data/raw/table.csv has no column but the time. Give at least one "
         "column of numbers."),
        ("sentinels", ["time=time"],
         "ingest: data/raw/table.csv, 300 rows x 2 features from 2024-03-01 00:00:00 to 2024-03-13 "
         "11:00:00"),
    ],
)  # fmt: skip
def test_a_case_ends_in_the_right_sentence(project, cases, name, changes, last_line):
    printed = ingest(project, (cases / f"{name}.csv").read_bytes(), *changes)

    is_about_table = last_line.startswith("error: ") and "ingest.time_format=" not in last_line
    assert printed[-1] == last_line + HINT * is_about_table
    assert (SENTINEL.format(41) in printed) == (name == "sentinels")


def test_where_there_is_no_table_nothing_is_to_be_inspected(project):
    printed = ingest(project, b"", "raw=data/raw/none.csv")

    assert printed[-1].startswith(
        "error: The raw table data/raw/none.csv (ingest.raw) does not exist."
    )
    assert "inspect" not in printed[-1]


def series(project):
    """Read what ingest made."""
    return pd.read_parquet(project.root / "data/series.parquet")


def test_a_long_table_is_one_series_for_each_id(project, cases):
    ingest(project, (cases / "long-stores.csv").read_bytes(), "time=date", "id=store")
    found = series(project)

    assert found.index.names == ["store", "date"]
    for store in ("1", "2", "3"):
        assert found.loc[store, "sales"].tolist() == [
            int(store) * 100 + day % 7 for day in range(120)
        ]


def test_ids_in_several_columns_and_kinds_are_one_text(project):
    table = pd.DataFrame(
        {
            "country": pd.Categorical([*["pt"] * 4, *["es"] * 4]),
            "shop": [10, 10, 9, 9, 9, 9, 10, 10],
            "day": pd.DatetimeIndex(["2024-01-01", "2024-01-02"] * 4),
            "sales": np.arange(8.0),
        }
    )
    buffer = io.BytesIO()
    table.to_parquet(buffer)
    (project.root / "data/raw/table.parquet").write_bytes(buffer.getvalue())

    ingest(
        project, b"", "raw=data/raw/table.parquet", "time=day", "id=[country, shop]", "frequency=D",
        "targets=[sales]",
    )  # fmt: skip
    found = series(project)["sales"]

    assert {name: found[name].tolist() for name in found.index.levels[0]} == {
        "es/10": [6, 7], "es/9": [4, 5], "pt/10": [0, 1], "pt/9": [2, 3],
    }  # fmt: skip


def test_leading_zeros_of_an_id_are_kept(project):
    rows = [f"{shop},2024-01-0{day},{day}" for shop in ("007", "7") for day in (1, 2, 3)]

    ingest(project, "\n".join(["shop,time,sales", *rows, ""]).encode(), "time=time", "id=shop")

    assert list(series(project).index.levels[0]) == ["007", "7"]


@pytest.mark.parametrize("by", [["date", "id"], ["id", "date"]])
def test_etth1_long_holds_the_values_of_etth1_wide(project, etth1, by):
    wide = pd.read_csv(etth1)
    table = wide.melt("date", var_name="id", value_name="load").sort_values(by, kind="stable")

    printed = ingest(project, table.to_csv(index=False).encode(), "time=date", "id=id")
    found = series(project)["load"]

    assert ", 7 series, 121940 rows x 1 features from 2016-07-01" in printed[-1]
    for name in wide.columns[1:]:
        assert found[name].tolist() == wide[name].tolist()
        assert found[name].index.equals(pd.DatetimeIndex(wide["date"], name="date"))


def test_the_demo_table_is_the_same_series_long_and_wide(project):
    apply_overrides(project.root, ["simulate.rows=50"])
    project.attempt("python", "-m", "stages.simulate")
    project.attempt("python", "-m", "stages.ingest")
    wide = series(project)
    apply_overrides(project.root, ["simulate.layout=long", "ingest.id=id"])
    project.attempt("python", "-m", "stages.simulate")
    project.attempt("python", "-m", "stages.ingest")
    long = series(project)["value"]

    assert list(long.index.levels[0]) == sorted(wide.columns)
    for name in wide:
        pd.testing.assert_series_equal(long[name], wide[name], check_names=False, check_freq=False)
