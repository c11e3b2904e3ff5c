"""Ingest, as its own process, on small tables as people have them."""

import pytest

from pipeline.runs.overrides import apply_overrides

SENTINEL = (
    "warning: Column 'wind' holds -9999 in 3 rows (the first is row {}), far from all other values (3 "
    "to 4.2). It is read as a number; if it stands for missing values, set "
    "ingest.missing_values: [-9999] and ingest.gaps."
)


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
         "error: Column 'visits', row 3: '1,000' is not a number. ',' seems to separate thousands: write "
         "the numbers without it, such as 1000 (in a spreadsheet: by the number format)."),
        ("thousands", ["time=time", "separator=;", "decimal=,"],
         "error: Column 'visits', row 3: '1,000' would be read as 1.0, but ',' seems to separate "
         "thousands: every cell with it ends in a group of three digits, every other is a whole number up "
         "to 999. Write the numbers without it, such as 1000 (in a spreadsheet: by the number format). If "
         "it is the decimal mark, write all cells of the column with three decimals, such as 912,000."),
        ("two-time-columns", ["separator=;", "time=Date", "time_format=%d/%m/%Y"],
         "error: Column 'Time', row 1: '00:00:00' is not a number. It is a time of day: write it and "
         "'Date' into one column of times."),
        ("two-time-columns", ["separator=;", "time=Date", "time_format=%d/%m/%Y", "features=[Volt]"],
         "error: The time 2024-03-01 00:00:00 stands twice, in rows 1 and 2 (doubled times in all: 287). "
         "Column 'Time' holds times of day: write it and 'Date' into one column of times."),
        ("two-time-columns", ["separator=;", "time=Time", "time_format=%H:%M:%S", "features=[Volt]"],
         "error: ingest.time_format='%H:%M:%S' does not hold the whole time: it writes 2017-11-23 14:35:46 "
         "as '14:35:46', which reads as 1900-01-01 14:35:46. Write a format with year, month, day and "
         "every unit down to the finest (%p with %I); if date and time stand in two columns, write them "
         "into one."),
        ("long-stores", ["time=date"],
         "error: The time 2024-01-01 00:00:00 stands twice, in rows 1 and 2 (doubled times in all: 240). "
         "The table seems to hold several series below each other, told apart by column 'store' "
         "(different values: 3). Give each series a column of its own (in pandas: pivot)."),
        ("sentinels", ["time=time"],
         "ingest: data/raw/table.csv, 300 rows x 2 features from 2024-03-01 00:00:00 to 2024-03-13 "
         "11:00:00"),
    ],
)  # fmt: skip
def test_a_case_ends_in_the_right_sentence(project, cases, name, changes, last_line):
    printed = ingest(project, (cases / f"{name}.csv").read_bytes(), *changes)

    assert printed[-1] == last_line
    assert (SENTINEL.format(41) in printed) == (name == "sentinels")
