"""The small tables as people have them, read to the values that stand beside them."""

import shutil

import pytest

from forecasting.data.panel import single
from forecasting.data.regularity import regular_panel
from stages.storage.columns import Columns
from stages.storage.raw_tables import read_table
from tests.unit.stages.storage.test_raw_tables import ingest_section


@pytest.fixture
def read(cases, tmp_path, monkeypatch):
    """Read a case as a series in even steps."""
    monkeypatch.chdir(tmp_path)

    def read(name, **changes):
        shutil.copyfile(cases / name, name)
        section = ingest_section(raw=name, **changes)
        return regular_panel(
            single(read_table(section).numbers),
            frequency=section.frequency,
            gaps=section.gaps,
            max_gap=section.max_gap,
        ).series(0)

    return read


def test_thousands_are_read_as_thousands(read):
    visits = read("thousands.csv", separator=";", thousands=",")["visits"]

    assert visits.iloc[:6].tolist() == [912, 907, 1000, 1000, 1035, 1048]
    assert (len(visits), visits.min(), visits.max()) == (300, 712, 1078)
    assert visits.mean() == pytest.approx(906.1, abs=0.05)


def test_trading_days_are_500_rows_and_none_is_invented(read):
    series = read("trading-days.csv", time="Date", frequency="rows")

    assert series.shape == (500, 2)
    assert series.loc["2022-01-07":"2022-01-10", "Close"].tolist() == [102.45, 101.89]


def test_days_whose_offset_changes_keep_their_local_dates(read):
    series = read("daily-offsets.csv", time="Date", frequency="rows")

    assert (series.index == series.index.normalize()).all()
    assert (series.index.day_of_week < 5).all()
    assert [str(day.date()) for day in series.index[[0, -1]]] == ["2023-01-03", "2023-06-19"]
    assert series.loc["2023-03-10":"2023-03-14"].shape == (3, 1)  # Friday, Monday, Tuesday


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("units-row.csv", {"units_rows": 1}),
        ("preamble.csv", {"time": "TIMESTAMP", "skip_rows": 1, "units_rows": 2}),
    ],
)
def test_rows_of_units_and_lines_above_the_header_are_no_values(read, name, changes):
    series = read(name, **changes)

    assert list(series.columns) == ["AirT", "RH"]
    assert series.iloc[[0, 1, -1]].to_numpy().tolist() == [[9.13, 60], [10.63, 61], [11.29, 65]]
    assert [str(time) for time in series.index[[0, -1]]] == ["2024-03-01 00:00:00", "2024-03-13 11:00:00"]  # fmt: skip


def test_date_and_time_in_two_columns_are_one_time(read):
    series = read(
        "two-time-columns.csv",
        time=["Date", "Time"],
        time_format="%d/%m/%Y %H:%M:%S",
        separator=";",
        missing_values=["?"],
        gaps="interpolate",
    )

    assert series.index.name == "Date Time"
    assert [str(time) for time in series.index[:2]] == ["2024-03-01 00:00:00", "2024-03-01 01:00:00"]  # fmt: skip
    assert series.iloc[:2].to_numpy().tolist() == [[9.131, 230.0], [10.626, 231.1]]
    assert series["Power"].isna().to_numpy().nonzero()[0].tolist() == [50]


def test_a_code_for_missing_values_is_no_value(read):
    wind = read("sentinels.csv", missing_values=[-9999], gaps="interpolate")["wind"]

    assert wind.isna().sum() == 3
    assert wind.std() == pytest.approx(0.42, abs=0.005)


def test_seconds_since_1970_are_times_of_utc(read):
    series = read("unix-seconds.csv", time="Timestamp", time_format="unix_s")

    assert [str(time) for time in series.index[[0, 1, -1]]] == [
        "2024-03-01 00:00:00", "2024-03-01 01:00:00", "2024-03-13 11:00:00"
    ]  # fmt: skip
    assert series["Close"].iloc[:2].tolist() == [9.13, 10.63]


def test_a_long_table_is_read_with_the_series_of_each_row(cases, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copyfile(cases / "long-stores.csv", "stores.csv")

    table = read_table(ingest_section(raw="stores.csv", time="date"), Columns(ids=["store"]))

    assert table.ids["store"].value_counts().to_dict() == {"1": 120, "2": 120, "3": 120}
    assert list(table.numbers) == ["sales"]
    second = table.at((table.ids["store"] == "2").to_numpy())
    assert second.numbers["sales"].iloc[:2].tolist() == [200, 201]
    assert [str(time.date()) for time in second.times[[0, 1, -1]]] == [
        "2024-01-01", "2024-01-02", "2024-04-29"
    ]  # fmt: skip
