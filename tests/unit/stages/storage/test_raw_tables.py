import datetime as dt
import decimal
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from foundation.errors import DataError, ParamsError
from foundation.params import load_params
from foundation.params.ingest import Ingest
from stages.storage.raw_tables import read_table
from tests.support.project import ROOT

TIMES = [f"2024-01-01 {hour:02d}:00:00" for hour in range(6)]
PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489")


def ingest_section(**changes):
    """The committed section, for a table named table.csv, with changes."""
    committed = load_params(ROOT / "params.yaml").ingest.model_dump()
    return Ingest(**committed | {"raw": "table.csv", "time": "time"} | changes)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def written(content, **changes):
    """Write table.csv; return how it is read."""
    Path("table.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    return ingest_section(**changes)


def read_csv(content, **changes):
    return read_table(written(content, **changes)).numbers


def read_parquet(content, **changes):
    if isinstance(content, bytes):
        Path("table.parquet").write_bytes(content)
    else:
        pq.write_table(content, "table.parquet")
    return read_table(ingest_section(raw="table.parquet", **changes)).numbers


def csv(cells=("0", "1", "2", "3", "4", "5"), *, header="time,a", times=TIMES, separator=","):
    rows = [f"{time}{separator}{cell}\n" for time, cell in zip(times, cells, strict=True)]
    return header + "\n" + "".join(rows)


def parquet(times=None, **columns):
    times = pa.array(pd.DatetimeIndex(TIMES).as_unit("us")) if times is None else times
    return pa.table({"time": times, **(columns or {"a": np.arange(float(len(times)))})})


def refused(message):
    """Expect one sentence-like message, on one line."""
    return pytest.raises(DataError, match=rf"\A[^\n]*{message}[^\n]*\.\Z")


def test_a_csv_is_read_as_doubles_over_its_times():
    table = read_csv(csv(["0.1", "1e3", "-2", "+3", ".5", "5."]))

    assert table.index.equals(pd.DatetimeIndex(TIMES))
    assert table.index.name == "time"
    assert table["a"].tolist() == [0.1, 1000, -2, 3, 0.5, 5]
    assert table["a"].dtype == np.float64


def test_columns_come_in_the_order_asked_for_and_others_are_not_looked_at():
    content = csv([f"{n},text,{n * 10}" for n in range(6)], header="time,a,note,b")

    table = read_csv(content, targets=["b", "a"])

    assert table.to_numpy()[:3].tolist() == [[0, 0], [10, 1], [20, 2]]
    assert list(table.columns) == ["b", "a"]


@pytest.mark.parametrize(
    ("content", "changes"),
    [
        (b"\xef\xbb\xbf" + csv().encode(), {}),
        (csv().replace("time,a", '"time","a"'), {}),
        (csv().replace("time,a", '\ufeff"time","a"'), {}),
        (csv().replace("time,a", "time , a "), {}),
        (csv().replace("\n", "\r\n"), {}),
        (csv().replace("\n", "\r"), {}),
        (csv().replace("\n2024", "\n\n2024") + "\n\n", {}),
        (csv().rstrip("\n"), {}),
        (csv(separator=";", header="time;a"), {"separator": ";"}),
        (csv(separator="\t", header="time\ta"), {"separator": "\t"}),
        (csv().encode("utf-16"), {"encoding": "utf-16"}),
        (csv(['"0"', " 1", "2 ", "3", "4", "5"]), {}),
        (csv(["0,0", "1,0", "2", "3", "4", "5"], separator=";", header="time;a"), {"separator": ";", "decimal": ","}),
        (csv([f"{n},,x" for n in range(6)], header="time,a,,"), {"targets": ["a"]}),
    ],
    ids=["BOM", "quotes", "BOM and quotes", "spaces", "Windows", "Macintosh", "blank lines",
         "no last line end", "semicolons", "tabs", "UTF-16", "spaced cells", "decimal commas",
         "unnamed columns that nobody asked for"],
)  # fmt: skip
def test_the_same_table_is_read_however_it_is_written(content, changes):
    assert read_csv(content, **changes).equals(read_csv(csv()))


def test_latin_1_is_read_where_it_is_said():
    assert list(read_csv(csv(header="time,öl").encode("latin-1"), encoding="latin-1")) == ["öl"]


def test_a_name_with_the_separator_in_it_is_one_name():
    assert list(read_csv(csv().replace("time,a", 'time,"a, b"'))) == ["a, b"]


@pytest.mark.parametrize("cell", ["", "NaN", "nan", "NA", "null", "#N/A"])
def test_empty_cells_and_their_names_are_missing_values(cell):
    assert read_csv(csv(["0", "1", cell, "3", "4", "5"]))["a"].isna().tolist() == [
        *[False] * 2, True, *[False] * 3,
    ]  # fmt: skip


def test_one_common_offset_becomes_utc():
    assert read_csv(csv(times=[f"{time}+01:00" for time in TIMES])).index[0] == pd.Timestamp(
        "2023-12-31 23:00"
    )


def test_the_zone_of_times_is_that_of_the_parameters_or_utc_where_they_have_an_offset():
    with_offset = csv(times=[f"{time}+01:00" for time in TIMES])
    assert read_table(written(with_offset)).time_zone == "UTC"
    assert read_table(written(csv())).time_zone is None
    for content in (with_offset, csv()):
        assert read_table(written(content, time_zone="Europe/Lisbon")).time_zone == "Europe/Lisbon"
    days = [f"2024-02-0{day}T00:00+01:00" for day in range(1, 7)]
    assert read_table(written(csv(times=days))).time_zone is None  # local dates


def test_times_in_a_format_of_their_own_are_read():
    days = [f"0{day}.02.2024" for day in range(1, 7)]

    assert str(read_csv(csv(times=days), time_format="%d.%m.%Y").index[5]) == "2024-02-06 00:00:00"


def test_large_and_tiny_values_are_read_to_the_last_digit():
    cells = ["1499999990.25", "1500000010", "1e-12", "3e-12", "0.1", "123456789.123456789"]

    assert read_csv(csv(cells))["a"].tolist() == [float(cell) for cell in cells]


def test_a_missing_table_says_how_to_get_one():
    with refused(r"table\.csv \(ingest\.raw\) does not exist\. .*dvc add table\.csv.*ingest\.raw"):
        read_table(ingest_section())


def test_a_missing_table_that_dvc_tracks_is_to_be_pulled():
    Path("table.csv.dvc").write_text("outs: []")

    with pytest.raises(DataError, match=r"does not exist\. Fetch it: dvc pull table\.csv$"):
        read_table(ingest_section())


def test_a_folder_is_no_table():
    Path("table.csv").mkdir()

    with refused(r"table\.csv \(ingest\.raw\) is not a file"):
        read_table(ingest_section())


def test_a_name_too_long_for_the_file_system_is_refused():
    with refused(r"cannot be read: File name too long\. .*ingest\.raw"):
        read_table(ingest_section(raw="x" * 300 + ".csv"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"is empty: 0 bytes"),
        ("time,a\n", r"has a header and no rows"),
        ("time,a", r"has a header and no rows"),
        ("\ntime,a\n", r"first line of the raw table table\.csv is empty"),
        (",,\n1,2,3\n", r"first line of the raw table table\.csv is empty"),
        (
            'time,"a\nb"\n',
            r"is not a header \(unexpected end of data\): found 'time,\"a.*on one line",
        ),
        ("x" * 200_000, r"is not a header \(field larger than field limit"),
    ],
)
def test_a_table_without_header_or_rows_is_refused(content, message):
    with refused(message):
        read_csv(content)


@pytest.mark.parametrize(
    "content",
    [
        np.random.default_rng(0).bytes(500),
        PNG,
        csv(header="time,öl").encode("latin-1"),
        csv().encode("utf-16"),
        csv().encode("utf-16-le"),
    ],
    ids=["random", "PNG", "latin-1", "UTF-16", "UTF-16 without a mark"],
)
def test_what_is_no_text_in_the_encoding_is_refused(content):
    with refused(r"is not text in utf-8: found '.* in its first line\. .*set ingest\.encoding"):
        read_csv(content)


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize(
    "bad",
    [
        b"2024-01-01 00:00\xff,1\n",
        b"2024-01-01 00:00,\xff1\n",
        b"2024-01-01 00:00,1,\xff\n",  # one cell too many as well
    ],
)
def test_broken_text_far_down_is_named_with_its_row(encoding, bad):
    times = pd.date_range("2024-01-01", periods=20_000, freq="min")
    content = csv(["1"] * 20_000, times=times.astype(str)).encode() + bad

    with refused(rf"is not text in {encoding}: found '2024-01-01 00:00.* in row 20001\."):
        read_csv(content, encoding=encoding)


@pytest.mark.parametrize("encoding", ["nope", "hex", "undefined", "utf\0"])
def test_an_unknown_encoding_is_refused(encoding):
    with pytest.raises(
        ParamsError, match=r"ingest\.encoding='.*' is not a known encoding.*latin-1"
    ):
        read_csv(csv(), encoding=encoding)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("date,a", r"no column 'time' \(ingest\.time\); it has 'date', 'a'\. Set ingest\.time"),
        ("Time,a", r"no column 'time' \(ingest\.time\); the nearest name is 'Time'"),
        ("time;a", r"no column 'time'.* separated by ';': set ingest\.separator"),
        ("time,time", r"more than one column named 'time'\. Rename"),
        ("time,", r"Column 2 of the raw table table\.csv has no name.*ingest\.targets"),
        (",".join(f"c{n}" for n in range(9)), r"it has 'c0', .*'c7', \.\.\.\. Set ingest\.time"),
    ],
)
def test_a_header_without_what_is_needed_is_refused(header, message):
    with refused(message):
        read_csv(csv(header=header))


def test_a_doubled_column_is_refused():
    with refused(r"more than one column named 'a'\. Rename"):
        read_csv(csv(["1,2"] * 6, header="time,a, a"))


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        (["laod"], r"no column 'laod' \(ingest\.targets\); the nearest name is 'load'"),
        (["zzz"], r"no column 'zzz' \(ingest\.targets\); it has 'time', 'load'\. Correct ingest"),
    ],
)
def test_a_target_that_is_not_there_is_named_with_the_nearest_name(targets, message):
    with refused(message):
        read_csv(csv(header="time,load"), targets=targets)


def test_a_table_of_nothing_but_times_is_refused():
    with refused(r"has no column but the time"):
        read_csv("time\n" + "\n".join(TIMES) + "\n")


@pytest.mark.parametrize(
    ("cell", "way_out"),
    [
        (
            "x",
            r"Correct the cell, .* list it: ingest\.missing_values: \[\"x\"\] .*or leave the column out of ingest\.targets",
        ),
        (" ", r"Correct the cell"),
        (" NA", r"Correct the cell"),
        ("true", r"Correct the cell"),
        ("0x10", r"Correct the cell"),
        ("\u00a05", r"Correct the cell"),
    ],
)
def test_a_cell_that_is_no_number_is_named_with_row_and_column(cell, way_out):
    content = csv(["0,1", "1,2", f"2,{cell}", "3,4", "4,5", "5,6"], header="time,a,b")
    found = re.escape(repr(cell.strip('"')))

    with pytest.raises(DataError, match=rf"^Column 'b', row 3: {found} is not a number\. {way_out}"):  # fmt: skip
        read_csv(content)


def test_a_decimal_point_among_commas_is_named():
    content = csv(["0,5", "1.5", "2", "3", "4", "5"], separator=";", header="time;a")

    with refused(r"row 2: '1\.5' is not a number\. The file has numbers with '\.' and with ','"):
        read_csv(content, separator=";", decimal=",")


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["0,1", "1,2", "2", "3,4", "4,5", "5,6"], r"Row 3 .*\(2\) than the header \(3\): found '2024-01-01 02:00:00,2'"),
        (["0,1", "1,2,7", "2,2", "3,4", "4,5", "5,6"], r"Row 2 .*\(4\) than the header \(3\)"),
        (["0,1", "1,2", "2,2", "3,4", "4,5", "5,6,"], r"Row 6 .*\(4\) than the header \(3\)"),
    ],
)  # fmt: skip
def test_a_row_with_too_few_or_too_many_cells_is_named(cells, message):
    with refused(message + r".*ingest\.separator and ingest\.decimal"):
        read_csv(csv(cells, header="time,a,b"))


def test_rows_are_counted_without_blank_lines():
    content = csv(["0", "1", "x", "3", "4", "5"]).replace("\n2024", "\n\n2024")

    with refused(r"row 3: 'x' is not a number"):
        read_csv(content)


def test_an_open_quote_does_not_print_the_rest_of_the_file():
    with pytest.raises(DataError, match=r"row 2: '1\\n2024") as error:
        read_csv(csv(["0", '"1', *"2345"]))
    assert len(str(error.value)) < 300


def test_unreadable_times_are_named_with_row_and_column():
    with refused(r"Column 'time' holds no time in row 4: found 'hello', .*ingest\.time_format"):
        read_csv(csv(times=[*TIMES[:3], "hello", *TIMES[4:]]))


def test_an_empty_time_is_named_with_its_row():
    with refused(r"Column 'time' holds no time in row 6: found ''"):
        read_csv(csv(times=[*TIMES[:5], ""]))


@pytest.mark.parametrize(
    "times",
    [
        pa.array(pd.DatetimeIndex(TIMES).as_unit("ns")),
        pa.array(pd.DatetimeIndex(TIMES).as_unit("s")),
        pa.array(pd.DatetimeIndex(TIMES, tz="UTC").tz_convert("Europe/Berlin")),
        pa.array(TIMES),
        pa.array(TIMES, pa.large_string()),
        pa.array([f"{time}+00:00" for time in TIMES]),
    ],
    ids=["ns", "s", "zone", "text", "large text", "text with offset"],
)
def test_times_in_parquet_may_be_of_many_types(times):
    assert read_parquet(parquet(times)).index.equals(pd.DatetimeIndex(TIMES))


@pytest.mark.parametrize("kind", [pa.date32(), pa.date64()])
def test_dates_in_parquet_are_times_at_midnight(kind):
    days = pa.array([dt.date(2024, 1, 1), dt.date(2024, 1, 2)], kind)

    assert [str(time) for time in read_parquet(parquet(days)).index] == [
        "2024-01-01 00:00:00",
        "2024-01-02 00:00:00",
    ]


def test_a_pandas_index_is_a_column_like_others():
    frame = pd.DataFrame({"time": pd.DatetimeIndex(TIMES), "a": range(6)}).set_index("time")
    frame.to_parquet("table.parquet")

    assert read_table(ingest_section(raw="table.parquet")).numbers["a"].tolist() == [
        0,
        1,
        2,
        3,
        4,
        5,
    ]


@pytest.mark.parametrize(
    ("times", "message"),
    [
        (pa.array(range(6)), r"'time' \(ingest\.time\) holds no times but int64"),
        (pa.array([dt.time(hour) for hour in range(6)]), r"holds no times but time64"),
        (pa.array([*TIMES[:5], None]), r"holds no time in row 6: found None"),
        (pa.array([0, None, 7200], pa.timestamp("s")), r"no time in row 2: the cell is empty"),
        (pa.array([0, 1], pa.timestamp("ns")), r"in row 2 a time .* finer than a microsecond"),
        (pa.array([0, 2**40], pa.timestamp("s")), r"in row 2 a time outside the years 1 to 9999"),
        (pa.array([0, 2**62], pa.timestamp("us")), r"in row 2 a time outside the years"),
        (pa.array([0, 2**62], pa.timestamp("ms")), r"in row 2 a time outside the years"),
    ],
)
def test_a_column_of_no_times_is_refused(times, message):
    with refused(message):
        read_parquet(parquet(times))


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pa.array([0.5, None, float("nan")]), [0.5, None, None]),
        (pa.array([1, None, 3], pa.int8()), [1, None, 3]),
        (pa.array([1, 2, 3], pa.float16()), [1, 2, 3]),
        (pa.array([2**64 - 1, 0, 1], pa.uint64()), [2.0**64, 0, 1]),
        (pa.array([2**53 + 1, 0, 1]), [2.0**53, 0, 1]),
        (pa.array([decimal.Decimal("1.25"), None, 3], pa.decimal128(9, 2)), [1.25, None, 3]),
        (pa.array([decimal.Decimal("1.25"), None, 3], pa.decimal256(50, 2)), [1.25, None, 3]),
    ],
    ids=["double", "int8", "half", "uint64", "int64", "decimal128", "decimal256"],
)
def test_numbers_in_parquet_become_the_nearest_doubles_and_nulls_missing(column, expected):
    times = pa.array([0, 3600, 7200], pa.timestamp("s"))

    found = read_parquet(parquet(times, a=column))["a"]

    assert found.dtype == np.float64
    assert [None if np.isnan(value) else value for value in found] == expected


@pytest.mark.parametrize(
    ("column", "kind"),
    [(pa.array(["1"] * 6), "string"), (pa.array([True] * 6), "bool"), (pa.nulls(6), "null"),
     (pa.array([[1.0]] * 6), "list<element: double>")],
)  # fmt: skip
def test_a_column_that_holds_no_numbers_is_refused(column, kind):
    with refused(rf"'b' of the raw table table\.parquet holds no numbers but {kind}\. .*targets"):
        read_parquet(parquet(a=np.arange(6.0), b=column), targets=["a", "b"])


def test_a_column_without_rows_is_refused():
    with refused(r"table\.parquet has a header and no rows"):
        read_parquet(parquet().slice(0, 0))


def test_a_parquet_table_without_columns_is_refused():
    with refused(r"no column 'time' \(ingest\.time\); it has none"):
        read_parquet(pa.table({}))


def test_a_doubled_column_in_parquet_is_refused():
    numbers = pa.array(np.arange(6.0))

    with refused(r"more than one column named 'a'"):
        read_parquet(pa.Table.from_arrays([pa.array(TIMES), numbers, numbers], ["time", "a", "a"]))


def written_parquet(**columns):
    sink = pa.BufferOutputStream()
    pq.write_table(parquet(**columns), sink, compression="none", use_dictionary=False)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize(
    "content",
    [
        np.random.default_rng(0).bytes(500),
        csv().encode(),
        PNG,
        written_parquet()[:-1],
        written_parquet()[: len(written_parquet()) // 2],
        b"PAR1",
        b"PAR1" + bytes(60) + written_parquet()[64:],
        written_parquet(aaaa=np.arange(6.0)).replace(b"aaaa", b"a\xffaa"),
    ],
    ids=["random", "CSV", "PNG", "last byte cut", "half", "magic", "first page wiped", "no name"],
)
def test_a_broken_parquet_file_is_refused(content):
    with refused(r"table\.parquet is not a valid Parquet file: .*[^.]\. Write it again"):
        read_parquet(content)


def test_an_empty_parquet_file_is_refused():
    with refused(r"is empty: 0 bytes"):
        read_parquet(b"")


def test_text_that_is_no_utf_8_in_parquet_is_refused():
    broken = pa.array([b"2024", b"\xff\xff"]).cast(pa.string(), safe=False)

    with refused(r"not a valid Parquet file: .*UTF8"):
        read_parquet(parquet(broken))


LONG = "time,shop,sales\n" + "".join(
    f"2024-01-0{day},{shop},{day}\n" for day in range(1, 5) for shop in ("north", "south")
)


@pytest.mark.parametrize("targets", ["all", ["sales"]])
def test_a_long_table_is_named_as_what_it_is_whichever_columns_are_targets(targets):
    content = LONG if targets != "all" else LONG.replace("north", "1").replace("south", "2")

    with refused(
        r"stands twice, in rows 1 and 2 .*several series .* by column 'shop' .*Set ingest\.id: shop"
    ):
        read_csv(content, targets=targets)


def test_a_column_that_is_no_text_in_the_encoding_and_that_nobody_asked_for_is_looked_at_too():
    content = LONG.encode().replace(b"north", b"n\xfcrd").replace(b"south", b"s\xfcd")

    with refused(r"several series below each other, told apart by column 'shop'"):
        read_csv(content, targets=["sales"])


def test_a_long_table_in_parquet_is_named_as_what_it_is():
    times = pa.array(pd.DatetimeIndex(TIMES[:3]).repeat(2).as_unit("us"))

    with refused(
        r"several series below each other, told apart by column 'shop' \(different values: 2"
    ):
        read_parquet(
            parquet(times, shop=["n", "s"] * 3, sales=[1.5, 2, 3, 4, 5, 6]), targets=["sales"]
        )
