import dataclasses

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from forecasting.data.panel import single
from forecasting.data.roles import Covariates
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


ROLES = Covariates(past=("sky",), future=("price",), static=("kind", "size"), calendar=("hour",))
SHOPS = dataclasses.replace(
    panel(
        ("2024-01-01", [[1, 0, 10], [2, np.nan, 11]]), ("2024-01-02", [[3, 1, 12]]),
        columns=("y", "sky", "price"),
    ),
    covariates=dataclasses.replace(ROLES, time_zone="Europe/Lisbon"),
    labels={"sky": ("clear", "rain"), "kind": ("city", "park")},
    statics=np.array([[1, 40.5], [0, 60]]),
)  # fmt: skip


def test_covariates_come_back_with_their_roles_and_texts(tmp_path):
    table = SeriesTable(tmp_path / "s.parquet")
    table.save_panel(SHOPS)

    assert same(table.load_panel(), SHOPS)


def test_pandas_reads_texts_and_static_covariates_in_every_row(tmp_path):
    SeriesTable(tmp_path / "s.parquet").save_panel(SHOPS)
    frame = pd.read_parquet(tmp_path / "s.parquet")

    assert list(frame) == ["y", "sky", "price", "kind", "size"]
    assert frame["sky"].tolist()[0::2] == ["clear", "rain"]
    assert frame["sky"].isna().tolist() == [False, True, False]
    assert frame["kind"].tolist() == ["park", "park", "city"]
    assert frame["size"].tolist() == [40.5, 40.5, 60]


def test_a_single_series_keeps_its_covariates(tmp_path):
    index = pd.date_range("2024-01-01", periods=3, freq="h", unit="us", name="date")
    frame = pd.DataFrame({"y": [1.0, 2.0, 3.0], "sky": [0.0, 1.0, np.nan]}, index=index)
    given = dataclasses.replace(
        single(frame), covariates=Covariates(past=("sky",)), labels={"sky": ("clear", "rain")}
    )
    table = SeriesTable(tmp_path / "s.parquet")
    table.save_panel(given)

    assert same(table.load_panel(), given)
    assert pd.read_parquet(table.path)["sky"].tolist()[:2] == ["clear", "rain"]


def test_the_same_rows_are_the_same_bytes_whatever_texts_other_rows_had(tmp_path):
    first, second = SeriesTable(tmp_path / "a.parquet"), SeriesTable(tmp_path / "b.parquet")
    first.save_panel(SHOPS)
    values = SHOPS.values.copy()
    values[:, 1] += 1  # the same texts, among more labels
    more = {"sky": ("calm", "clear", "rain", "snow"), "kind": ("city", "park")}
    second.save_panel(dataclasses.replace(SHOPS, values=values, labels=more))

    assert first.path.read_bytes() == second.path.read_bytes()


def test_texts_of_many_row_groups_come_back(tmp_path):
    rows = np.arange(1_200_000.0).reshape(-1, 1)
    given = dataclasses.replace(
        panel(("2000-01-01", np.hstack([rows, rows % 3])), columns=("y", "sky"), step="min"),
        covariates=Covariates(past=("sky",)),
        labels={"sky": ("a", "b", "c")},
    )
    table = SeriesTable(tmp_path / "s.parquet")
    table.save_panel(given)

    assert pq.ParquetFile(table.path).num_row_groups > 1
    assert same(table.load_panel(), given)
