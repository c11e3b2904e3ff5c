"""What an inspection says of tables as people have them, and of files that are none."""

import gzip
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.inspection.findings import FUTURE, STATIC, TARGETS
from foundation.errors import DataError, PipelineError
from foundation.params import load_params
from stages.storage import closer_look
from stages.storage.inspect import inspect
from stages.storage.raw_tables import read_table
from tests.support.project import ROOT

HOURS = pd.date_range("2024-03-01", periods=48, freq="h")
PLAIN = "time,load\n" + "".join(f"{time},{n % 7 + 0.5}\n" for n, time in enumerate(HOURS))

Look = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def in_the_project(monkeypatch):
    monkeypatch.chdir(ROOT)  # whose params.yaml holds the other sections


@pytest.fixture
def look(tmp_path) -> Look:
    def inspected(content: str | bytes, name: str = "table.csv", **known: Any) -> dict[str, Any]:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return inspect(path, known)

    return inspected


def finding(report: dict[str, Any], about: str) -> dict[str, Any]:
    (found,) = [each for each in report["findings"] if each["about"] == about]
    return found


def doubts(report: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for each in report["findings"] if each["sure"] in ("open", "problem")]


def choices(report: dict[str, Any]) -> list[dict[str, Any]]:
    return [choice for each in report["findings"] for choice in each["choices"]]


@pytest.mark.parametrize(
    ("name", "series", "wanted"),
    [
        ("counter", "900 rows x 1 column, every hour", {}),
        ("daily-offsets", "117 rows x 1 column, each row a step", {"frequency": "rows"}),
        ("long-stores", "3 series, 360 rows x 1 column, every day", {"id": "store"}),
        ("preamble", "300 rows x 2 columns, every hour", {"skip_rows": 1, "units_rows": 2}),
        ("sentinels", "300 rows x 2 columns, every hour", {"missing_values": [-9999]}),
        ("short-months", "36 rows x 1 column, every month", {}),
        ("thousands", "300 rows x 1 column, every hour", {"separator": ";", "thousands": ","}),
        ("trading-days", "500 rows x 2 columns, each row a step", {"frequency": "rows"}),
        ("two-time-columns", "300 rows x 2 columns, every hour, from 2024-03-01 00:00:00",
         {"time": ["Date", "Time"], "missing_values": ["?"], "gaps": "interpolate"}),
        ("units-row", "300 rows x 2 columns, every hour", {"units_rows": 1}),
        ("unix-seconds", "300 rows x 1 column, every hour, from 2024-03-01 00:00:00",
         {"time_format": "unix_s"}),
    ],
)  # fmt: skip
def test_a_case_is_read_with_what_is_proposed(cases, name, series, wanted):
    report = inspect(cases / f"{name}.csv", {})

    assert report["error"] is None
    assert report["series"].startswith(series)
    assert {key: report["settings"][key] for key in wanted} == wanted


def test_day_and_month_that_may_be_exchanged_are_asked_for(look):
    days = pd.date_range("2024-01-01", periods=12)
    table = "date,sales\n" + "".join(f"{d:%m/%d/%Y},{n}.5\n" for n, d in enumerate(days))

    report = look(table)
    answered = look(table, time_format="%m/%d/%Y")

    assert choices(report) == [{"time_format": "%d/%m/%Y"}, {"time_format": "%m/%d/%Y"}]
    assert report["series"] is report["error"] is None
    assert answered["series"].startswith("12 rows x 1 column, every day, from 2024-01-01")


def test_a_reading_with_even_steps_is_preferred_and_called_likely(look):
    hours = pd.date_range("2024-03-01", periods=240, freq="h")  # ten days: no day is above 12
    table = "time,load\n" + "".join(f"{t:%d/%m/%Y %H:%M},{n}.5\n" for n, t in enumerate(hours))

    report = look(table)

    assert finding(report, "time format")["sure"] == "likely"
    assert report["settings"]["time_format"] == "%d/%m/%Y %H:%M"
    assert report["series"].startswith("240 rows x 1 column, every hour, from 2024-03-01")


def test_a_cell_that_keeps_a_column_from_being_the_time_is_named(look):
    days = [f"{day:%d/%m/%Y}" for day in pd.date_range("2024-02-01", periods=28)]
    days[20:20] = ["30/02/2024"]

    report = look("date,sales\n" + "".join(f"{day},{n}.5\n" for n, day in enumerate(days)))

    assert finding(report, "time")["found"] == "'date', but 1 cell of it cannot be read"
    assert finding(report, "time")["reason"] == "%d/%m/%Y does not read '30/02/2024'"


def test_a_column_of_times_without_a_name_is_a_problem(look):
    report = look(PLAIN.replace("time,load", ",load"))

    assert finding(report, "time")["found"] == "a column without a name"


def test_marks_that_may_be_thousands_or_decimals_are_asked_for(look):
    table = "time;visits\n" + "".join(f"{t};{n % 8 + 1},{n + 100}\n" for n, t in enumerate(HOURS))

    report = look(table)

    assert choices(report) == [{"decimal": ","}, {"decimal": ".", "thousands": ","}]
    assert look(table, thousands=",")["settings"]["thousands"] == ","
    assert look(table, decimal=",")["series"].startswith("48 rows")


def test_whole_numbers_next_to_groups_of_three_show_that_these_are_thousands(look):
    table = "time;visits\n" + "".join(
        f"{t};{n + 990:,}\n".replace(",", ".") for n, t in enumerate(HOURS)
    )

    report = look(table)

    assert finding(report, "thousands")["sure"] == "likely"
    assert (report["settings"]["thousands"], report["settings"]["decimal"]) == (".", ",")


def test_decimal_commas_and_points_for_thousands_are_certain_where_a_cell_shows_both(look):
    table = "time;visits\n" + "".join(f"{t};1.{n + 100},{n % 7}5\n" for n, t in enumerate(HOURS))

    report = look(table)

    assert finding(report, "decimal")["sure"] == finding(report, "thousands")["sure"] == "certain"
    assert (report["settings"]["thousands"], report["settings"]["decimal"]) == (".", ",")


def test_numbers_with_both_decimal_marks_are_a_problem(look):
    report = look("time;a;b\n" + "".join(f"{t};{n},5;{n}.25\n" for n, t in enumerate(HOURS)))

    assert finding(report, "decimal")["sure"] == "problem"


def test_rows_that_fit_a_finer_step_are_asked_for(cases):
    report = inspect(cases / "gaps.csv", {})
    answered = inspect(cases / "gaps.csv", {"frequency": "h"})

    assert choices(report) == [{"frequency": "h"}, {"frequency": "rows"}]
    assert answered["settings"]["gaps"] == "interpolate"
    assert answered["series"].startswith("1,200 rows x 1 column, every hour")


def test_long_gaps_are_counted_and_their_windows_left_out(look):
    kept = [*range(10), *range(30, 48)]

    report = look("time,load\n" + "".join(f"{HOURS[n]},{n % 7}.5\n" for n in kept))

    gaps = finding(report, "gaps")
    assert gaps["found"] == "20 rows missing"
    assert gaps["reason"] == (
        "the longest of 20 steps, from 2024-03-01 09:00:00 to 2024-03-02 06:00:00"
    )
    assert report["settings"]["gaps"] == "skip"


def test_doubled_hours_of_daylight_saving_are_asked_for_their_zone(look):
    local = pd.date_range("2024-10-26", periods=72, freq="h", tz="Europe/Lisbon")
    table = "time,load\n" + "".join(f"{t:%Y-%m-%d %H:%M},{n}.5\n" for n, t in enumerate(local))

    assert choices(look(table)) == [{"time_zone": "Europe/Lisbon"}]
    assert look(table, time_zone="Europe/Lisbon")["series"].startswith(
        "72 rows x 1 column, every hour"
    )


def test_doubled_times_that_nothing_explains_are_a_problem(look):
    report = look("time,load\n" + "2024-01-01 00:00,1.5\n" * 5)

    assert finding(report, "order")["found"] == "4 doubled times"
    assert report["series"] is None


def stores() -> str:
    rows = [
        f"{day:%Y-%m-%d},{country},{store},{len(country)},{store * 10 + n % 5}\n"
        for n, day in enumerate(pd.date_range("2024-01-01", periods=30))
        for country in ("pt", "spain")
        for store in (1, 2)
    ]
    return "date,country,store,area,sales\n" + "".join(rows)


def test_two_columns_may_tell_series_apart_and_another_be_fixed_in_each(look):
    report = look(stores())

    assert report["settings"]["id"] == ["country", "store"]
    assert report["series"].startswith("4 series, 120 rows x 1 column, every day")
    assert report["settings"][STATIC] == ["area"]
    assert report["settings"][TARGETS] == ["sales"]


def test_columns_that_hold_nothing_to_forecast_are_left_out(look):
    rows = [f"{n + 1},{t},1,word,,{n % 7}.5\n" for n, t in enumerate(HOURS)]

    report = look("no,time,flag,note,empty,load\n" + "".join(rows))

    assert report["settings"][TARGETS] == ["load"]
    assert finding(report, "row numbers")["found"] == "no"
    assert finding(report, "constant")["found"] == "flag"
    assert finding(report, "text")["found"] == "note"
    assert finding(report, "empty")["found"] == "empty"
    assert report["series"].startswith("48 rows x 1 column")


def test_a_column_that_has_values_after_the_others_end_is_known_ahead(look):
    rows = [
        f"{t},{n % 7}.5,{n % 5}\n" if n < 40 else f"{t},,{n % 5}\n" for n, t in enumerate(HOURS)
    ]

    report = look("time,load,price\n" + "".join(rows))

    assert report["settings"][FUTURE] == ["price"]
    assert report["series"].startswith("48 rows x 1 column, every hour")
    assert finding(report, "targets")["found"] == "load"


def test_lines_that_are_no_rows_are_found(look):
    rows = [f"{t},{n % 7}.5\n" for n, t in enumerate(HOURS)]
    rows[10:10] = ["# sensor cleaned\n"]

    report = look("station 7\n\ntime,load\n,MW\n" + "".join(rows) + "\nTotal,171.5\nSource: us\n")

    wanted = {"skip_rows": 2, "units_rows": 1, "comment": "#", "skip_footer": 2}
    assert {key: report["settings"][key] for key in wanted} == wanted
    assert report["series"].startswith("48 rows x 1 column, every hour")


def test_the_first_line_of_a_spreadsheet_may_name_the_separator(look):
    report = look("sep=;\n" + PLAIN.replace(",", ";"))

    assert report["settings"]["separator"] == ";"
    assert report["series"].startswith("48 rows")


def test_a_header_behind_a_mark_of_comments_is_the_header(look):
    report = look("# time,load\n" + PLAIN.split("\n", 1)[1])

    assert report["settings"]["time"] == "# time"
    assert report["series"].startswith("48 rows")


def test_year_month_day_and_hour_may_be_four_columns(look):
    rows = [f"{t.year},{t.month},{t.day},{t.hour},{n % 7}.5\n" for n, t in enumerate(HOURS)]

    report = look("year,month,day,hour,load\n" + "".join(rows))

    assert report["settings"]["time"] == ["year", "month", "day", "hour"]
    assert report["settings"]["time_format"] == "%Y %m %d %H"
    assert report["series"].startswith("48 rows x 1 column, every hour")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_a_table_is_read_in_its_encoding(look, encoding):
    report = look(PLAIN.replace("load", "température").encode(encoding))

    assert finding(report, "targets")["found"] == "température"
    assert report["series"].startswith("48 rows"), report["error"]


def workbook(*sheets: str) -> bytes:
    book = openpyxl.Workbook()
    book.active.title = sheets[0]
    book.active.append(["time", "load"])
    for n, time in enumerate(HOURS):
        book.active.append([time.to_pydatetime(), n % 7 + 0.5])
    for name in sheets[1:]:
        book.create_sheet(name)
    book.save(stream := io.BytesIO())
    return stream.getvalue()


def test_of_several_sheets_one_is_asked_for(look):
    assert look(workbook("one"), "table.xlsx")["series"].startswith(
        "48 rows x 1 column, every hour"
    )

    report = look(workbook("one", "two"), "table.xlsx")

    assert choices(report) == [{"sheet": "one"}, {"sheet": "two"}]
    assert look(workbook("one", "two"), "table.xlsx", sheet="one")["series"].startswith("48 rows")


def test_the_columns_of_a_parquet_file_are_known_by_their_types(look):
    frame = pd.DataFrame({"when": HOURS.tz_localize("UTC"), "kind": "a", "load": np.arange(48) % 7})

    report = look(frame.to_parquet(), "table.parquet")

    assert report["settings"]["time"] == "when"
    assert finding(report, "text")["found"] == "kind"
    assert report["series"].startswith("48 rows x 1 column, every hour")


def test_columns_of_a_parquet_file_that_are_neither_numbers_nor_text_are_left_out(look):
    load = np.arange(48) % 7
    frame = pd.DataFrame({"time": HOURS, "updated": HOURS, "tags": [["a"]] * 48, "load": load})

    report = look(frame.to_parquet(), "table.parquet")

    assert finding(report, "types")["found"].startswith("updated (timestamp[")
    assert "tags (list<" in finding(report, "types")["found"]
    assert report["settings"][TARGETS] == ["load"]
    assert report["series"].startswith("48 rows x 1 column, every hour")


def test_a_workbook_without_a_cell_is_refused(look):
    openpyxl.Workbook().save(stream := io.BytesIO())

    with pytest.raises(DataError, match="has no cell that holds anything"):
        look(stream.getvalue(), "table.xlsx")


def test_a_name_that_says_another_kind_of_file_is_a_problem(look):
    report = look(pd.DataFrame({"time": HOURS, "load": 1.5}).to_parquet(), "table.csv")

    assert finding(report, "name")["reason"] == (
        "its content is Parquet: rename it to table.parquet"
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"\n\n  \n", "is empty"),
        (bytes(range(256)) * 40, "is not a table"),
        (b"dear reader\nthis is a letter\nof three lines\n", "no mark separates its lines"),
        (b"a" * 3_000_000, "no mark separates its lines"),
        (b"time,load\n", "has no row below the names"),
        (gzip.compress(PLAIN.encode()), "compressed (gzip)"),
        (b"PAR1" + b"\0" * 400, "not a valid Parquet file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100, "old Excel"),
        (b"PK\x03\x04" + b"\0" * 100, "not a valid Excel file"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_in_a_sentence(look, content, sentence):
    with pytest.raises(DataError) as refused:
        look(content)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    "content",
    [
        b'time,load\n"' + b"x" * 200_000,
        b"time,load\n2024-01-01,x\n2024-01-02,yy\n2024-01-03,zz\n",
        b"\xff\xfet",
        b"2024-01-01,1\n2024-01-02,2\n2024-01-03,3\n",
        b"a,b\n1.5,x\n2.5,y\n3.5,z\n",
        b"time,load,load\n2024-01-01,1,2\n2024-01-02,3,1\n2024-01-03,2,5\n",
        b"time,load\n2024-01-01,1.5\n2024-01-02,2.5,7\n2024-01-03,3.5\n",
        b"time,load\n2024-01-01,inf\n2024-01-02,2.5\n2024-01-03,3.5\n",
    ],
)
def test_what_cannot_be_read_is_never_a_traceback(look, content):
    try:
        report = look(content)
    except PipelineError:
        return
    assert report["series"] is None
    assert doubts(report) or report["error"]


PIECES = [b'"', b"\n", b",", b";", b"\r", b"\0", b"#", b"\n\n", b"inf", b"1e400", b"-9999", b"\xef\xbb\xbf", b"\xff"]  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_damaged_table_is_never_a_traceback(tmp_path_factory, data):
    parts = "Date;Time;kW\n" + "".join(f"{t:%d/%m/%Y;%H:%M};{t.hour},5\n" for t in HOURS)
    logger = '"TOA5","st7"\n"TS","AirT"\n"","degC"\n' + PLAIN.split("\n", 1)[1]
    content = data.draw(st.sampled_from([PLAIN, parts, logger, stores()])).encode()
    stop = data.draw(st.integers(0, len(content)))
    places = st.tuples(st.integers(0, stop), st.sampled_from(PIECES))
    content = content[:stop]
    for place, piece in data.draw(st.lists(places, max_size=4)):
        content = content[:place] + piece + content[place:]
    path = tmp_path_factory.mktemp("damaged", numbered=True) / "table.csv"
    path.write_bytes(content)

    try:
        report = inspect(path, {})
    except PipelineError:
        return
    assert report["series"] or report["error"] or doubts(report)


def test_a_path_without_a_file_is_refused(tmp_path):
    for path in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(DataError):
            inspect(path, {})


def test_a_value_that_params_yaml_does_not_allow_is_named(look):
    assert "ingest.decimal" in look(PLAIN, decimal="x")["error"]


def test_ten_thousand_columns_are_looked_at(look):
    names = [f"c{n}" for n in range(10_000)]
    rows = [
        ",".join([str(time), *(f"{(n * 7 + hour * 5) % 97}.5" for n in range(10_000))])
        for hour, time in enumerate(HOURS[:30])
    ]

    report = look("\n".join([",".join(["time", *names]), *rows]) + "\n")

    assert report["series"].startswith("30 rows x 10,000 columns")
    assert report["settings"][TARGETS] == "all"


def test_a_large_table_is_read_a_few_columns_at_a_time(look, monkeypatch):
    whole = look(stores())
    monkeypatch.setattr(closer_look, "AT_ONCE", 1_000)

    parts = look(stores())

    assert parts["settings"] == whole["settings"]
    assert parts["series"] == whole["series"]


def test_a_large_table_is_read_with_what_is_known_ahead(look, monkeypatch):
    rows = [
        f"{t},{n % 7}.5,{n % 5}.5,{n % 3}\n" if n < 40 else f"{t},,,{n % 3}\n"
        for n, t in enumerate(HOURS)
    ]
    monkeypatch.setattr(closer_look, "AT_ONCE", 500)

    report = look("time,load,oil,price\n" + "".join(rows))

    assert report["series"].startswith("48 rows x 2 columns, every hour")
    assert report["series"].endswith("(gaps are checked in load alone)")


SEPARATORS = {",": ".", ";": ",", "\t": ",", "|": "."}
FORMATS = [
    "%Y-%m-%d %H:%M",
    "%d.%m.%Y %H:%M",
    "%m/%d/%Y %I:%M %p",
    "%Y%m%d%H%M",
    "%d-%b-%Y %H:%M:%S",
]


@st.composite
def tables(draw):
    """A table in a dialect: its text, its times and its values."""
    separator = draw(st.sampled_from(sorted(SEPARATORS)))
    decimal = draw(st.sampled_from(sorted({SEPARATORS[separator], "."})))
    n_rows = draw(st.integers(12, 40))
    step = draw(st.sampled_from(["h", "15min", "D"]))
    times = pd.date_range(
        draw(st.sampled_from(["2024-01-05", "2023-12-20"])), periods=n_rows, freq=step
    )
    time_format = draw(st.sampled_from(FORMATS))
    digits = draw(st.integers(0, 4))
    numbers = st.integers(-10_000, 10_000_000).map(lambda n: n / 10**digits)
    column = st.lists(numbers, min_size=n_rows, max_size=n_rows, unique=True)
    values = draw(st.lists(column, min_size=1, max_size=3))
    marker = draw(st.sampled_from(["", "NA", "?", "-"]))
    missing = draw(st.sets(st.integers(1, n_rows - 2), max_size=2))
    quote = draw(st.sampled_from(["", '"']))

    def cell(n: int, number: float) -> str:
        return marker if n in missing else f"{number:.{digits}f}".replace(".", decimal)

    names = ["when", *(f"v{n}" for n in range(len(values)))]
    lines = [*["logger 7"] * draw(st.integers(0, 2)), separator.join(names)]
    lines += [
        separator.join(f"{quote}{text}{quote}" for text in (
            times[n].strftime(time_format), *(cell(n, column[n]) for column in values)
        ))
        for n in range(n_rows)
    ]  # fmt: skip
    lines += ["end of file"] * draw(st.integers(0, 1))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    right = pd.DataFrame(dict(zip(names[1:], values, strict=True)), index=times)
    right.iloc[sorted(missing)] = np.nan
    return end.join([*lines, ""]), right


@settings(max_examples=60, deadline=None)
@given(tables())
def test_a_table_in_any_dialect_is_read_back_or_doubted(tmp_path_factory, table):
    text, right = table
    path = tmp_path_factory.mktemp("tables", numbered=True) / "table.csv"
    path.write_text(text, newline="")

    report = inspect(path, {})

    if report["series"] is None:
        assert doubts(report) or report["error"]
        return
    ingest = load_params(Path("params.yaml")).ingest.model_copy(
        update=report["settings"] | {"raw": str(path)}
    )
    read = read_table(ingest).numbers
    np.testing.assert_array_equal(read.index.to_numpy(), right.index.to_numpy())
    np.testing.assert_allclose(read.to_numpy(), right.to_numpy(), rtol=1e-12)
