from pathlib import Path

import pytest

from foundation.errors import DataError
from stages.storage.raw_tables import read_table
from tests.unit.stages.storage.test_raw_tables import csv, ingest_section

TIMES = [f"2024-01-01 {hour:02d}:00:00" for hour in range(24)]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def read(*columns, separator=";", **changes):
    """Read columns of cells named a, b ... after a column of times."""
    rows = [separator.join(cells) for cells in zip(*columns, strict=True)]
    header = separator.join(["time", *"abc"[: len(columns)]])
    text = csv(rows, header=header, times=TIMES[: len(rows)], separator=separator)
    Path("table.csv").write_text(text)
    return read_table(ingest_section(separator=separator, **changes)).numbers


def refusal(*columns, **changes):
    with pytest.raises(DataError) as refused:
        read(*columns, **changes)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def swapped(cells):
    """The same cells with points for commas and commas for points."""
    return [cell.translate(str.maketrans(",.", ".,")) for cell in cells]


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["0.123", "101.325"], [0.123, 101.325]),
        (["9.131", "10.626", "11.819"], [9.131, 10.626, 11.819]),  # three decimals everywhere
        (["1.234", "0.5", "12.25"], [1.234, 0.5, 12.25]),
        (["912", "1.035", "1.5"], [912, 1.035, 1.5]),
        (["912", "1.035", ".5"], [912, 1.035, 0.5]),
        (["912", "1.035", "1234.567"], [912, 1.035, 1234.567]),
        (["912", "1.035", "1000"], [912, 1.035, 1000]),  # who separates thousands does so always
        (["0", "1.035", "2.100"], [0, 1.035, 2.1]),  # zero is zero in thousands, too
        (["912", "907", "1000"], [912, 907, 1000]),
    ],
)
def test_decimals_are_read_with_either_mark(cells, values):
    assert read(cells)["a"].tolist() == values
    assert read(swapped(cells), decimal=",")["a"].tolist() == values


@pytest.mark.parametrize(
    "cells",
    [["912", "907", "1,000", "1,035"], ["1,035", "", "-12", "NA"], ["+1,035", "-9999", "0", "7"]],
)
def test_thousands_are_never_read_as_decimals(cells):
    row = next(row for row, cell in enumerate(cells, start=1) if "," in cell)
    cell = cells[row - 1]
    value = f"{cell[:-4].lstrip('+')}.{cell[-3:]}".rstrip("0")
    value += "0" if value.endswith(".") else ""

    for mark, found in ((",", cell), (".", cell.replace(",", "."))):
        assert refusal([c.replace(",", mark) for c in cells], decimal=mark) == (
            f"Column 'a', row {row}: '{found}' would be read as {value}, but '{mark}' seems to separate "
            "thousands: every cell with it ends in a group of three digits, every other is a whole "
            f'number up to 999. If it does, set ingest.thousands: "{mark}" and ingest.decimal: '
            f'"{"." if mark == "," else ","}". If it is the decimal mark, '
            f"write all cells of the column with three decimals, such as 912{mark}000."
        )


def test_what_the_refusal_advises_is_read_right():
    cells = ["912", "907", "1,000", "1,035"]
    assert read(cells, thousands=",")["a"].tolist() == [912, 907, 1000, 1035]
    assert read(["912", "907", "1000"], decimal=",")["a"].tolist() == [912, 907, 1000]
    assert read(["912,000", "1,035"], decimal=",")["a"].tolist() == [912, 1.035]


def test_a_decimal_anywhere_in_the_file_shows_what_the_mark_means():
    assert read(["9", "1.035"], ["230.0", "231.1"])["a"].tolist() == [9, 1.035]
    assert "'1.035' would be read" in refusal(["9", "1.035"], ["230", "231"])


@pytest.mark.parametrize(
    ("cells", "mark", "setting", "values"),
    [
        (["912", "1,000"], ",", {"thousands": ","}, [912, 1000]),
        (["1,000", "912"], ",", {"thousands": ","}, [1000, 912]),
        (["-1,000", "5"], ",", {"thousands": ","}, [-1000, 5]),
        (["1,000.5", "2.25"], ",", {"thousands": ","}, [1000.5, 2.25]),
        (["1,000,000", "2,500"], ",", {"thousands": ","}, [1_000_000, 2500]),
        (["1,00,000", "2,500"], ",", {"thousands": ","}, [100_000, 2500]),
        (["1.000.000", "2.500"], ".", {"thousands": ".", "decimal": ","}, [1_000_000, 2500]),
        (["1.000,5", "2"], ".", {"thousands": ".", "decimal": ","}, [1000.5, 2]),
        (["1 000,5", "2"], " ", {"thousands": " ", "decimal": ","}, [1000.5, 2]),
        (["1 000", "2 500"], " ", {"thousands": " "}, [1000, 2500]),
        (["1\u202f000", "2"], "\u202f", {"thousands": " "}, [1000, 2]),
        (["1\u00a0000", "2 000"], "\u00a0", {"thousands": " "}, [1000, 2000]),
        (["1'000", "2'500"], "'", {"thousands": "'"}, [1000, 2500]),
        (["1\u2019000", "2"], "\u2019", {"thousands": "'"}, [1000, 2]),
        (["1_000", "2_500"], "_", {"thousands": "_"}, [1000, 2500]),
    ],
)
def test_thousands_that_are_certain_are_named_and_read_right_with_what_is_advised(
    cells, mark, setting, values
):
    advice = " and ".join(f'ingest.{name}: "{value}"' for name, value in setting.items())

    assert refusal(cells) == (
        f"Column 'a', row 1: {cells[0]!r} is not a number. {mark!r} seems to separate thousands: "
        f"set {advice}."
    ).replace("row 1: '912'", f"row 2: {cells[1]!r}")
    assert read(cells, **setting)["a"].tolist() == values


def test_thousands_are_set_with_the_decimal_mark_that_the_cells_show():
    assert refusal(["1,000.5", "2"], decimal=",").endswith(
        'set ingest.thousands: "," and ingest.decimal: ".".'
    )
    assert refusal(["1.000,5", "2"], decimal=",").endswith('set ingest.thousands: ".".')
    assert refusal(['"1.000,5"', "2"], separator=",").endswith(
        "set ingest.thousands: \".\", and write the decimals with another mark than ',', as it "
        "separates the cells."
    )


@pytest.mark.parametrize(
    "cell", ["1,00", "10,00,0", "0,123", ",123", "1,000,", "1,,000", "1,000e3", "1.5,000", "1 000"]
)
def test_a_cell_with_thousands_elsewhere_than_between_groups_is_no_number(cell):
    assert f"row 2: {cell!r} is not a number" in refusal(["912", cell], thousands=",")


def test_thousands_stand_in_a_comma_separated_file_within_quotes():
    assert read(['"1,000"', "2"], separator=",", thousands=",")["a"].tolist() == [1000, 2]


def test_both_meanings_are_told_where_the_file_does_not_show_which():
    assert refusal(["9,131", "10,626"]) == (
        "Column 'a', row 1: '9,131' is not a number. The file does not show whether ',' separates "
        'thousands or decimals. If thousands: set ingest.thousands: ",". If decimals: set '
        'ingest.decimal: ",".'
    )
    assert read(["9,131", "10,626"], thousands=",")["a"].tolist() == [9131, 10626]


@pytest.mark.parametrize(
    "cells", [["9,131", "0,5"], ["0,123", "5"], ["1,5", "912"], ["1234,567", "1"]]
)
def test_decimals_with_the_other_mark_are_named(cells):
    assert refusal(cells).endswith("',' seems to be the decimal mark: set ingest.decimal: \",\".")
    assert refusal(swapped(cells), decimal=",").endswith(
        "'.' seems to be the decimal mark: set ingest.decimal: \".\"."
    )


def test_points_between_thousands_are_not_taken_for_decimals_where_commas_are():
    for column in (["1.234", "912"], ["1.000,5", "912,25"]):
        assert refusal(["0,5", "1"], column).endswith(
            "',' seems to be the decimal mark, and '.' to separate thousands: set "
            'ingest.thousands: "." and ingest.decimal: ",".'
        )


def test_a_decimal_in_another_column_shows_what_the_mark_of_this_one_means():
    assert refusal(["912", "1,035"], ["0,5", "1"]).endswith(
        "',' seems to be the decimal mark: set ingest.decimal: \",\"."
    )


def test_the_other_mark_is_not_advised_where_it_cannot_be_set_or_does_not_read_the_file():
    assert refusal(['"1,5"', "2"], separator=",").endswith(
        "',' seems to be the decimal mark: write the numbers with '.', as ',' separates the cells."
    )
    assert refusal(['"1,500"', '"2,500"'], separator=",").endswith(
        "If decimals: write the numbers with '.', as ',' separates the cells."
    )
    mixed = (
        "The file has numbers with '.' and with ',': write all of them with '.' (ingest.decimal)."
    )
    assert refusal(["1.5", "1,5"]).endswith(mixed)
    assert refusal(["1.5", "2.5"], ["1,5", "2,5"]).endswith(mixed)


@pytest.mark.parametrize(
    ("cell", "advice"),
    [
        ("?", "Correct the cell, or, if it stands for a missing value, list it: ingest.missing_values: "
              '["?"] (see ingest.gaps); or leave the column out of ingest.targets.'),
        ("12.34.56", "Correct the cell, or, if it stands for a missing value, list it"),
        ("x" * 21, "Correct the cell, or, if it stands for a missing value, empty it (see"),
        ("00:15:00", "It is a time of day: set ingest.time: [time, a]."),
    ],
)  # fmt: skip
def test_what_is_no_number_at_all_is_to_be_corrected(cell, advice):
    assert f"row 2: '{cell}' is not a number. {advice}" in refusal(["5", cell])
