"""Lines above, between and below the rows, marks, sheets, and a part of the table."""

import datetime as dt
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from foundation.errors import DataError, ParamsError
from foundation.params import check_params
from stages.storage.columns import Columns
from stages.storage.raw_tables import read_table
from tests.unit.foundation.test_params import changed
from tests.unit.stages.storage.test_raw_tables import TIMES, csv, ingest_section

PLAIN = csv()


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def read(content, columns=None, **changes):
    Path("table.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_table(ingest_section(**changes), columns)


def values(content, **changes):
    return read(content, **changes).numbers["a"].tolist()


@pytest.mark.parametrize(
    ("content", "changes"),
    [
        ("station 7\n\n" + PLAIN, {"skip_rows": 2}),
        ('"a, b\n' + PLAIN, {"skip_rows": 1}),
        (PLAIN.replace("time,a\n", "time,a\n,kW\n"), {"units_rows": 1}),
        (PLAIN.replace("time,a\n", "x\ntime,a\nh,kW\n,avg\n"), {"skip_rows": 1, "units_rows": 2}),
        (PLAIN + "total,15\n", {"skip_footer": 1}),
        (PLAIN + "\nEnd of file; 6 rows\n(c)\n\n\n", {"skip_footer": 2}),
        (PLAIN + "end", {"skip_footer": 1}),
        ("# of 2024\n" + PLAIN.replace("\n2024", "\n# x,y,z\n2024"), {"comment": "#"}),
        (PLAIN.replace("time,a\n", "time,a\n# kW\n,kW\n"), {"comment": "#", "units_rows": 1}),
        (PLAIN.replace("\n", "\n%\n") + "% done", {"comment": "%", "skip_footer": 0}),
        ("sep=;\n" + csv(separator=";", header="time;a"), {"separator": ";"}),
        ("\ufeffsep=;\r\n" + csv(separator=";", header="time;a"), {"separator": ";"}),
        ('"sep=;"\n' + csv(separator=";", header="time;a"), {"separator": ";"}),
        (PLAIN.replace("\n", ",\n"), {}),
        (PLAIN.replace("time,a\n", "time,a,\n"), {}),
        ("time,a\n" + PLAIN.removeprefix("time,a\n").replace("\n", ", \n"), {}),
        (csv([f'"{n}.0"' for n in range(6)]), {}),
        (("x\n" + PLAIN + "y\n").encode("utf-16"), {"skip_rows": 1, "skip_footer": 1, "encoding": "utf-16"}),
        (("#ö\n" + PLAIN).encode("latin-1"), {"comment": "#", "encoding": "latin-1"}),
        ("\ufeff# x\n" + PLAIN.replace("\n", "\r\n"), {"comment": "#"}),
        (PLAIN.replace("\n", "\r") + "# x\r", {"comment": "#"}),
    ],
)  # fmt: skip
def test_what_is_no_row_is_left_out(content, changes):
    table = read(content, **changes)

    assert table.numbers.equals(read(PLAIN).numbers)


def test_lines_are_left_out_of_tables_of_several_blocks(monkeypatch):
    monkeypatch.setattr("stages.storage.text_tables.BLOCK", 50)
    for end in ("\n", "\r\n"):
        content = PLAIN.replace("\n2024", "\n# note\n2024") + "total,15\nsource: me\n"
        assert values(content.replace("\n", end), comment="#", skip_footer=2) == [*range(6)]


@pytest.mark.parametrize(
    ("content", "changes", "message"),
    [
        ("sep=;\n" + PLAIN, {}, r"says that ';' separates its cells, and ingest\.separator is ','\. Set ingest\.separator: \";\"\."),
        (PLAIN, {"skip_rows": 9}, r"is empty\..*ingest\.skip_rows"),
        (PLAIN, {"units_rows": 9}, r"has a header and no rows"),
        (PLAIN, {"skip_footer": 9}, r"has a header and no rows"),
        ("made by me\nx\n" + PLAIN, {}, r"no column 'time'.* Line 3 has that name: .* set ingest\.skip_rows: 2"),
        (PLAIN.replace("time,a\n", "time,a\n,kW\n"), {}, r"row 1: 'kW' is not a number.*if the row holds units, set ingest\.units_rows: 1"),
        (PLAIN + "total\n", {}, r"Row 7 .*\(1\) than the header \(2\).*ingest\.skip_footer"),
        ("x\n" + PLAIN.replace("time,a\n", "time,a\nh,kW\n").replace(",3", ",x"), {"skip_rows": 1, "units_rows": 1}, r"row 4: 'x' is not"),
        ("x\n" + PLAIN.replace(",3", ",3,9"), {"skip_rows": 1}, r"Row 4 .*\(3\) than the header \(2\)"),
        ("# x\n" + PLAIN.replace(",3", ",3,9"), {"comment": "#"}, r"Row 4 .*\(3\) than the header \(2\)"),
        (("x\n" + PLAIN).encode() + b"\xff,1\n", {"skip_rows": 1}, r"is not text in utf-8.* in row 7\."),
        (PLAIN.encode() + b"\xff,1\n", {"comment": "#"}, r"is not text in utf-8.* in row 7\."),
    ],
)  # fmt: skip
def test_what_the_options_do_not_fit_is_refused(content, changes, message):
    with pytest.raises(DataError, match=rf"\A[^\n]*{message}"):
        read(content, **changes)


def test_a_separator_at_the_end_of_some_rows_is_refused():
    with pytest.raises(DataError, match=r"Row 2 .*\(2\) than the header \(3\)"):
        read(PLAIN.replace(":00,0\n", ":00,0,\n", 1))


def test_a_column_without_a_name_that_holds_something_is_refused():
    with pytest.raises(DataError, match=r"Column 3 of the raw table table\.csv has no name"):
        read(PLAIN.replace("\n", ",5\n").replace("time,a,5", "time,a,"))


@pytest.mark.parametrize("marker", ["?", "n/e", "-", "x y", -9999, -9999.0, 0.1])
def test_markers_are_missing_values_whether_text_or_number(marker):
    content = csv(["0", "1", f"{marker}", "3", f"{marker} ", "5"])

    assert np.isnan(values(content, missing_values=[marker])).nonzero()[0].tolist() == [2, 4]


def test_a_number_is_missing_however_it_is_written():
    cells = ["-9999.00", "-9,999", "-9.999e3", "1", "2", "3"]
    found = values(
        csv(cells[:1] + cells[2:] + ["4"]), missing_values=[-9999]
    )  # thousands by themselves below
    assert np.isnan(found).tolist() == [True, True, False, False, False, False]
    quoted = csv([f'"{cell}"' for cell in cells])
    assert np.isnan(values(quoted, missing_values=[-9999], thousands=",")).sum() == 3


def test_other_numbers_near_a_marker_stay():
    assert values(csv(["-9999.1", "-999", "9999", "0", "1", "2"]), missing_values=[-9999])[0] == -9999.1  # fmt: skip


def test_decimal_commas_thousands_and_markers_go_together():
    cells = ["1.234,5", "?", "-7", "12.345.678", "0,5", "999,25"]
    content = csv(cells, separator=";", header="time;a")

    found = values(content, separator=";", decimal=",", thousands=".", missing_values=["?"])

    assert found[:1] + found[2:] == [1234.5, -7, 12345678, 0.5, 999.25]
    assert np.isnan(found[1])


TYPED = "time,shop,kind,price,note\n" + "".join(
    f"2024-01-0{day},{shop},{kind},{day}.5,{note}\n"
    for day in range(1, 4)
    for shop, kind, note in (("007", "b", "x"), ("8", "?", "y 9"))
)


def test_ids_and_texts_are_kept_as_text_and_numbers_are_numbers():
    table = read(
        TYPED, Columns(ids=["shop"], either=["kind", "price"]), time="time", missing_values=["?"]
    )

    assert table.ids["shop"].tolist() == ["007", "8"] * 3
    assert table.ids["shop"].cat.categories.tolist() == ["007", "8"]
    assert table.texts["kind"].tolist()[0] == "b"
    assert table.texts["kind"].isna().tolist() == [False, True] * 3
    assert table.texts["kind"].cat.categories.tolist() == ["b"]
    assert table.numbers["price"].tolist() == [1.5, 1.5, 2.5, 2.5, 3.5, 3.5]
    for frame in (table.ids, table.texts, table.numbers):
        assert frame.index.equals(table.times)


def test_a_column_of_text_that_nobody_asked_for_is_left_out_and_named():
    table = read(PLAIN.replace("\n", ",hello\n").replace("time,a,hello", "time,a,note"))

    assert table.left_out == ("note",)
    assert list(table.numbers) == ["a"]


def test_a_column_with_some_numbers_is_one_of_numbers_and_refused():
    cells = ["0,1", "1,2", "2,x", "3,y", "4,z", "5,6"]
    with pytest.raises(DataError, match="Column 'b', row 3: 'x' is not a number"):
        read(csv(cells, header="time,a,b"))


def test_a_table_of_texts_alone_shows_the_first_that_is_no_number():
    with pytest.raises(DataError, match="Column 'a', row 1: 'x' is not a number"):
        read(csv(["x"] * 6))


def test_numbers_with_the_other_decimal_mark_are_never_taken_for_text():
    with pytest.raises(DataError, match="row 1: '0,5' is not a number"):
        read(csv(["0,5"] * 6, separator=";", header="time;a"), separator=";")


def test_a_row_of_no_series_is_named():
    with pytest.raises(DataError, match=r"Column 'shop' \(ingest\.id\), row 2: the cell is empty"):
        read(TYPED.replace(",8,", ",,", 1), Columns(ids=["shop"], numbers=["price"]))


def test_an_id_that_is_not_there_is_refused():
    with pytest.raises(
        DataError, match=r"no column 'shp' \(ingest\.id\); the nearest name is 'shop'"
    ):
        read(TYPED, Columns(ids=["shp"]))


def test_roles_in_parquet_follow_the_types():
    table = pa.table(
        {
            "time": pd.DatetimeIndex(["2024-01-01", "2024-01-02"]).repeat(2).as_unit("us"),
            "shop": [7, 8, 7, 8],
            "open": [True, None, False, True],
            "kind": pa.array(["b", "a", "?", None]).dictionary_encode(),
            "price": [1.0, -1, 2, 3],
            "note": ["x"] * 4,
        }
    )
    pq.write_table(table, "table.parquet")
    section = ingest_section(raw="table.parquet", missing_values=["?", -1])

    found = read_table(section, Columns(ids=["shop"], either=["open", "kind"]))

    assert found.ids["shop"].tolist() == ["7", "8", "7", "8"]
    assert found.texts["open"].cat.categories.tolist() == ["false", "true"]
    assert found.texts["kind"].isna().tolist() == [False, False, True, True]
    assert found.numbers["price"].isna().tolist() == [False, True, False, False]
    assert found.left_out == ("note",)


def test_year_month_day_and_hour_are_joined():
    rows = "".join(f"2024,3,{1 + hour // 24},{hour % 24},{hour}\n" for hour in range(22, 27))
    section = {"time": ["y", "m", "d", "h"], "time_format": "%Y %m %d %H"}

    table = read("y,m,d,h,a\n" + rows, **section)

    assert table.times.name == "y m d h"
    assert [f"{time:%d %H}" for time in table.times] == [
        "01 22",
        "01 23",
        "02 00",
        "02 01",
        "02 02",
    ]
    pq.write_table(
        pa.table({"y": [2024] * 2, "m": [3] * 2, "d": [1, 2], "h": [0] * 2, "a": [1.0, 2]}),
        "t.parquet",
    )
    assert (
        str(read_table(ingest_section(raw="t.parquet", **section)).times[1])
        == "2024-03-02 00:00:00"
    )


def test_counts_since_1970_are_read_from_parquet_too():
    pq.write_table(pa.table({"time": [1709251200, 1709254800], "a": [1, 2]}), "t.parquet")

    table = read_table(ingest_section(raw="t.parquet", time_format="unix_s"))
    assert str(table.times[1]) == "2024-03-01 01:00:00"
    with pytest.raises(
        DataError, match=r"holds no times but int64.* set ingest\.time_format: unix_s"
    ):
        read_table(ingest_section(raw="t.parquet"))


@pytest.mark.parametrize(
    ("first", "last", "rows"),
    [
        ("2024-01-01 02:00", None, [2, 3, 4, 5]),
        (None, "2024-01-01 02:00", [0, 1, 2]),
        ("2024-01-01 01:30", "2024-01-01 03:00:00", [2, 3]),
        ("2023-01-01", "2024-01-01", [0, 1, 2, 3, 4, 5]),
    ],
)
def test_a_part_is_used_both_ends_included(first, last, rows):
    assert values(PLAIN, **{"from": first, "until": last}) == rows


def test_a_part_without_rows_is_refused():
    with pytest.raises(DataError, match=r"no row from 2025-01-01 \(ingest\.from\) to its end.*go from 2024-01-01 00:00:00 to 2024-01-01 05:00:00"):  # fmt: skip
        read(PLAIN, **{"from": "2025-01-01"})


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"until": "2023-12-31", "from": "2024-01-01"}, "ingest.until: should not be before 2024-01-01 (ingest.from)"),
        ({"thousands": "."}, "ingest.thousands: should differ from the decimal"),
        ({"thousands": "x"}, "ingest.thousands"),
        ({"comment": ","}, "ingest.comment: should differ from the separator"),
        ({"comment": "2"}, "ingest.comment: should be a mark such as # or %"),
        ({"sheet": "x"}, "ingest.sheet: should be null, as data/raw/demo.csv has no sheets"),
        ({"time": ["a", "a"]}, "ingest.time: should name each column once"),
        ({"time": []}, "ingest.time"),
        ({"skip_rows": -1}, "ingest.skip_rows"),
        ({"missing_values": [float("nan")]}, "ingest.missing_values"),
        ({"missing_values": [True]}, "ingest.missing_values"),
    ],
)  # fmt: skip
def test_options_that_cannot_be_are_refused(changes, problem):
    content = changed(*((f"ingest.{name}", value) for name, value in changes.items()))
    with pytest.raises(ParamsError) as refused:
        check_params(content, source="params.yaml")
    assert problem in str(refused.value)


def workbook(rows, *, sheets=("Data",)):
    book = openpyxl.Workbook()
    for sheet in sheets:
        page = book.create_sheet(sheet)
        for row in rows:
            page.append(row)
    del book["Sheet"]
    book.save("table.xlsx")


def read_excel(**changes):
    return read_table(ingest_section(raw="table.xlsx", **changes))


HOURS = [dt.datetime(2024, 3, 1) + dt.timedelta(hours=hour) for hour in range(26)]  # noqa: DTZ001


def test_a_sheet_is_read_to_the_last_digit():
    numbers = [0.1, 1 / 3, -5, 1e-12, 123456789.125, None, *range(20)]
    workbook(
        [
            ["time", "a", None],
            *([hour, number] for hour, number in zip(HOURS, numbers, strict=True)),
            [],
            [None, None],
        ]
    )

    table = read_excel()

    assert table.times.equals(pd.DatetimeIndex(HOURS, name="time").as_unit("us"))
    found = table.numbers["a"].tolist()
    assert found[:5] + found[6:] == numbers[:5] + numbers[6:]
    assert np.isnan(found[5])


def test_the_options_for_text_hold_for_a_sheet_too():
    rows = [
        ["Station 7"],
        [],
        ["time", "a"],
        [None, "kW"],
        *([f"{hour:%d.%m.%Y %H:%M}", "1.234,5"] for hour in HOURS[:3]),
        [f"{HOURS[3]:%d.%m.%Y %H:%M}", 2.5],
        ["total", 5],
    ]
    workbook(rows, sheets=("x", "Data"))

    table = read_excel(
        sheet="Data", skip_rows=2, units_rows=1, skip_footer=1, decimal=",", thousands=".",
        time_format="%d.%m.%Y %H:%M",
    )  # fmt: skip

    assert table.numbers["a"].tolist() == [1234.5] * 3 + [2.5]
    assert str(table.times[3]) == "2024-03-01 03:00:00"


def test_typed_times_in_a_sheet_are_read_in_any_format_and_from_two_columns():
    workbook([["time", "a"], *([hour, 1.0] for hour in HOURS)])
    assert str(read_excel(time_format="%d.%m.%Y %H:%M").times[1]) == "2024-03-01 01:00:00"
    workbook([["d", "t", "a"], *([hour.date(), hour.time(), 1.0] for hour in HOURS)])
    assert str(read_excel(time=["d", "t"]).times[25]) == "2024-03-02 01:00:00"


@pytest.mark.parametrize(
    ("changes", "sheets", "message"),
    [
        ({}, ("x", "y"), r"more than one sheet: 'x', 'y'\. Name one with ingest\.sheet"),
        ({"sheet": "z"}, ("x", "y"), r"no sheet 'z' \(ingest\.sheet\); it has 'x', 'y'"),
        ({"time": "date"}, ("x",), r"no column 'date' \(ingest\.time\)"),
        ({}, ("x",), r"row 2: 'x' is not a number"),
    ],
)
def test_a_sheet_that_does_not_fit_is_refused(changes, sheets, message):
    workbook([["time", "a"], [HOURS[0], 1], [HOURS[1], "x"], [HOURS[2], 3]], sheets=sheets)
    with pytest.raises(DataError, match=rf"\A[^\n]*{message}"):
        read_excel(**changes)


@pytest.mark.parametrize("content", [PLAIN.encode(), b"PK\x03\x04" + bytes(60), b"x"])
def test_what_is_no_workbook_is_refused(content):
    Path("table.xlsx").write_bytes(content)
    with pytest.raises(DataError, match=r"\A[^\n]*is not a valid Excel file: .* Save it"):
        read_excel()


def test_an_empty_sheet_is_refused():
    workbook([])
    with pytest.raises(DataError, match="is empty"):
        read_excel()


def test_times_are_those_of_the_committed_tests():
    assert [str(time) for time in read(PLAIN).times] == TIMES


def test_covariates_that_are_not_there_are_named_with_their_parameter():
    with pytest.raises(
        DataError, match=r"'kin' \(ingest\.past_covariates\).* 'kind'\. Correct ingest\.past_cov"
    ):
        read(TYPED, past_covariates=["kin"], id="shop")


def test_a_cell_of_a_covariate_that_is_no_number_is_named_with_its_parameter():
    content = TYPED.replace("2.5,x", "low,x")
    with pytest.raises(DataError, match=r"'low' is not .* out of ingest\.future_covariates\.$"):
        read(content, future_covariates=["price"], past_covariates=["kind", "note"], id="shop")


def test_all_targets_are_the_columns_of_numbers_without_another_role():
    content = "time,shop,sales,kind,price,size\n" + "".join(
        f"2024-01-0{day},{shop},1,{shop},2,3\n" for day in range(1, 3) for shop in "ab"
    )
    table = read(content, past_covariates=["kind"], static_covariates=["size"], id="shop")

    assert sorted(table.numbers) == ["price", "sales", "size"]
    assert list(table.texts) == ["kind"]
