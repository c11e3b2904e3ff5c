import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from forecasting.data.panel import single
from stages.storage.tables import SeriesTable, Table
from tests.support.panels import panel

TWO = panel(
    ("2024-01-01", [[1, 10], [2, np.nan]]), ("2024-01-02", [[3, 30], [4, 40], [5, 50]]),
    columns=("y", "x"),
)  # fmt: skip


def same(found, given):
    np.testing.assert_array_equal(found.values, given.values)
    assert found.times.equals(given.times)
    assert found.offsets.tolist() == given.offsets.tolist()
    assert (found.names, found.columns, found.id) == (given.names, given.columns, given.id)
    assert (found.covariates, found.labels) == (given.covariates, given.labels)
    np.testing.assert_array_equal(found.statics, given.statics)
    assert found.times.name == given.times.name
    return True


def test_many_series_come_back_as_they_were(tmp_path):
    table = SeriesTable(tmp_path / "s.parquet")
    table.save_panel(TWO)

    assert same(table.load_panel(), TWO)


def test_pandas_reads_id_and_time_as_the_index(tmp_path):
    SeriesTable(tmp_path / "s.parquet").save_panel(TWO)
    frame = pd.read_parquet(tmp_path / "s.parquet")

    assert frame.index.names == ["shop", "time"]
    assert frame.loc[("b", "2024-01-03"), "x"] == 40
    assert pq.read_table(tmp_path / "s.parquet")["shop"].to_pylist() == [*"aabbb"]


def test_a_single_series_is_written_as_a_table_over_its_times(tmp_path):
    index = pd.date_range("2024-01-01", periods=3, freq="h", unit="us", name="date")
    frame = pd.DataFrame({"y": [1.0, 2.0, 3.0]}, index=index)
    Table(tmp_path / "t.parquet").save(frame)
    table = SeriesTable(tmp_path / "s.parquet")
    table.save_panel(single(frame))

    assert (tmp_path / "s.parquet").read_bytes() == (tmp_path / "t.parquet").read_bytes()
    assert same(table.load_panel(), single(frame))


def test_many_series_longer_than_a_row_group_come_back(tmp_path):
    long = panel(*[("2000-01-01", np.arange(700_000.0))] * 3, step="min")
    table = SeriesTable(tmp_path / "s.parquet")
    table.save_panel(long)

    assert pq.ParquetFile(table.path).num_row_groups > 1
    assert same(table.load_panel(), long)


def test_series_that_are_read_and_written_again_are_the_same_bytes(tmp_path):
    first, second = SeriesTable(tmp_path / "a.parquet"), SeriesTable(tmp_path / "b.parquet")
    first.save_panel(TWO)
    second.save_panel(first.load_panel())

    assert first.path.read_bytes() == second.path.read_bytes()
