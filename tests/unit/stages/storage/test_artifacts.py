import io
import json
import os
import time
import zipfile

import keras
import numpy as np
import pandas as pd
import pytest

from forecasting.data.scaling import Scaling
from forecasting.models.raw_units import load_model, raw_unit_model
from forecasting.training.determinism import seal_tensorflow
from foundation.errors import StageFailedError
from foundation.files import write_bytes
from stages.storage.artifacts import Csv, Json, KerasModel
from stages.storage.keras_archive import ZIP_TIME
from stages.storage.tables import SeriesTable, Table


def model() -> keras.Model:
    seal_tensorflow(1)
    network = keras.Sequential(
        [
            keras.Input((4, 2), name="window"),
            keras.layers.LSTM(3, use_cudnn=False, name="lstm"),
            keras.layers.Dense(2, name="out"),
        ],
        name="network",
    )
    return raw_unit_model(network, Scaling(np.array([0.1, 1e9]), np.array([1 / 3, 1e-12])))


def test_a_model_saved_at_another_time_is_the_same_bytes(tmp_path):
    first, second = KerasModel(tmp_path / "a.keras"), KerasModel(tmp_path / "b.keras")
    first.save(model())
    time.sleep(2.1)  # a zip counts in steps of two seconds
    in_between = [keras.layers.Dense(1) for _ in range(3)]  # other addresses
    second.save(model())

    assert first.path.read_bytes() == second.path.read_bytes()
    assert len(in_between) == 3
    with zipfile.ZipFile(first.path) as packed:
        assert packed.namelist() == sorted(packed.namelist())
        assert {member.date_time for member in packed.infolist()} == {ZIP_TIME}


def test_a_repacked_model_is_the_model_to_the_last_bit(tmp_path):
    saved = model()
    artifact = KerasModel(tmp_path / "m.keras")
    artifact.save(saved)
    loaded = load_model(artifact.path)

    window = np.array([[[0.2, 1e9 + 1e-12]] * 4])
    np.testing.assert_array_equal(loaded(window), saved(window))
    assert loaded.get_layer("center").offset.tolist() == [-0.1, -1e9]
    assert loaded.get_layer("forecast").scale.tolist() == [1 / 3, 1e-12]


def test_tables_come_back_as_they_were(tmp_path):
    index = pd.date_range("2024-01-01", periods=3, freq="h", unit="us", name="date")
    frame = pd.DataFrame({"a": [0.1, 1e300, -5e-324], "b": [1.0, 2.0, 3.0]}, index=index)
    Table(tmp_path / "t.parquet").save(frame)
    pd.testing.assert_frame_equal(Table(tmp_path / "t.parquet").load(), frame, check_freq=False)

    Csv(tmp_path / "t.csv").save(frame.reset_index(drop=True))
    back = Csv(tmp_path / "t.csv").load()
    assert back.to_numpy().tolist() == frame.to_numpy().tolist()
    assert b"\r" not in (tmp_path / "t.csv").read_bytes()


def test_the_values_of_a_table_are_its_columns_without_the_index(tmp_path):
    index = pd.date_range("2024-01-01", periods=3, freq="h", unit="us", name="date")
    artifact = SeriesTable(tmp_path / "t.parquet")
    artifact.save(pd.DataFrame({"b": [1.5, 2.5, 3.5], "a": [10.0, 20.0, 30.0]}, index=index))
    found = artifact.load_panel()

    assert found.values.tolist() == [[1.5, 10], [2.5, 20], [3.5, 30]]
    assert found.columns == ("b", "a")


def test_json_is_sorted_and_has_no_numbers_that_are_none(tmp_path):
    artifact = Json(tmp_path / "m.json")
    artifact.save(
        {"b": np.float64(0.1), "a": [float("nan"), np.int64(3)], "c": {"d": float("inf")}}
    )
    text = artifact.path.read_text()
    assert json.loads(text) == {"a": [None, 3], "b": 0.1, "c": {"d": None}}
    assert text.index('"a"') < text.index('"b"') < text.index('"c"')
    assert text.endswith("}\n")


def test_an_interrupted_write_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_bytes(path, b"before")

    def full_disk(number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("foundation.files.os.fsync", full_disk)
    sentence = r"file could not be written: No space left on device. Free space .* is kept"
    with pytest.raises(StageFailedError, match=sentence):
        write_bytes(path, b"after")
    assert path.read_bytes() == b"before"
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_a_folder_without_write_permission_is_one_sentence(tmp_path):
    folder = tmp_path / "locked"
    folder.mkdir()
    folder.chmod(0o500)
    am_root = os.geteuid() == 0  # who may write everywhere
    try:
        if am_root:
            os.seteuid(65534)
        with pytest.raises(
            StageFailedError, match=r"could not be written: Permission denied. .*correct"
        ):
            write_bytes(folder / "file", b"content")
    finally:
        if am_root:
            os.seteuid(0)
        folder.chmod(0o700)
    assert not list(folder.iterdir())


def test_canonical_bytes_do_not_depend_on_how_the_zip_was_packed():
    from stages.storage.keras_archive import canonical_keras

    def packed(names, compression):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", compression) as target:
            for name in names:
                target.writestr(name, json.dumps({"date_saved": str(names)}))
        return canonical_keras(buffer.getvalue())

    assert packed(["metadata.json"], zipfile.ZIP_STORED) == packed(
        ["metadata.json"], zipfile.ZIP_DEFLATED
    )
