import json
import zipfile

import h5py
import numpy as np
import pyarrow.parquet
import pytest
from PIL import Image

from pipeline.verification.differences import compare_files, compare_values


def files(folder, first, second, write):
    paths = folder / "old", folder / "new"
    for path, content in zip(paths, (first, second), strict=True):
        write(path, content)
    return paths


def text(path, content):
    path.write_text(content)


def weights(path, content):
    with zipfile.ZipFile(path, "w") as packed:
        with h5py.File(path.with_suffix(".h5"), "w") as stored:
            stored["layers/lstm/0"] = content
        packed.write(path.with_suffix(".h5"), "model.weights.h5")
        packed.writestr("metadata.json", json.dumps({"date_saved": str(path), "keras": "3"}))


def image(path, content):
    Image.fromarray(content).save(path, format="PNG")


def test_the_largest_difference_of_a_column_is_told_with_its_share_and_its_row(tmp_path):
    old, new = files(tmp_path, "a,b\n1,10\n2,20\n4,40\n", "a,b\n1,10\n2,20\n4,41\n", text)
    found = compare_files(old, new, name="table.csv")
    assert found == {"equal": False, "text": "1 of 3 differ, 40 became 41 at row 2 in b"}

    old, new = files(
        tmp_path, "a,b\n1,10.0\n2,20.0\n4,40.0\n", "a,b\n1,10.0\n2,21.0\n4,40.5\n", text
    )
    found = compare_files(old, new, name="table.csv")
    sentence = "largest difference 1 (2.5e-02 of the largest value) at row 1 in b"
    assert found == {"equal": False, "text": sentence}


def test_a_millionth_of_the_largest_value_is_the_border_of_equality():
    old = {"x": np.array([0.0, 500.0, -1000.0])}
    assert compare_values(old, {"x": np.array([0.001, 500.0, -1000.0])})["equal"]
    assert not compare_values(old, {"x": np.array([0.0011, 500.0, -1000.0])})["equal"]
    assert not compare_values({"x": np.zeros(2)}, {"x": np.array([0.0, 1e-30])})["equal"]


def test_lists_are_compared_number_by_number(tmp_path):
    def lists(path, content):
        pyarrow.parquet.write_table(pyarrow.table({"forecast": content}), path)

    old, new = files(tmp_path, [[1.0, 2], [4, None]], [[1.0, 2], [4.5, None]], lists)
    assert compare_files(old, new, name="t.parquet") == {
        "equal": False,
        "text": "largest difference 0.5 (1.2e-01 of the largest value) at [1, 0] in forecast",
    }
    assert compare_files(old, old, name="t.parquet")["equal"]

    old, new = files(tmp_path, [[1.0], [2.0, 3.0]], [[1.0, 2.0], [3.0]], lists)
    assert compare_files(old, new, name="t.parquet")["text"].endswith("in forecast.length")


def test_what_has_no_fraction_may_not_differ_at_all():
    for old, new in [([10**15], [10**15 + 1]), (["train"], ["test"]), ([True], [False])]:
        assert not compare_values({"x": np.array(old)}, {"x": np.array(new)})["equal"]
    times = np.array(["2024-01-01", "2024-01-02"], dtype="datetime64[ns]")
    assert not compare_values({"x": times}, {"x": times + np.timedelta64(1, "ns")})["equal"]


def test_what_is_not_a_number_equals_only_itself():
    nan = {"x": np.array([np.nan, 1.0])}
    assert compare_values(nan, {"x": np.array([np.nan, 1.0])})["equal"]
    assert not compare_values(nan, {"x": np.array([0.0, 1.0])})["equal"]
    assert not compare_values({"x": np.array([np.inf])}, {"x": np.array([1.0])})["equal"]


def test_other_names_and_shapes_are_told():
    one, two = {"a": np.zeros(2)}, {"b": np.zeros(2)}
    assert compare_values(one, two)["text"] == "a is only in the recorded one"
    shapes = compare_values(one, {"a": np.zeros((2, 1))})
    assert shapes == {"equal": False, "text": "shape (2,) became (2, 1) in a"}


def test_json_is_compared_by_its_leaves_whatever_their_order(tmp_path):
    old, new = files(tmp_path, {"a": [1.0, {"b": None}], "c": "x"}, {"c": "x", "a": [1.0, {"b": None}]},
                     lambda path, content: path.write_text(json.dumps(content)))  # fmt: skip
    assert compare_files(old, new, name="m.json")["equal"]
    new.write_text('{"a": [2.0, {"b": null}], "c": "x"}')
    found = compare_files(old, new, name="m.json")
    assert found["text"] == "largest difference 1 (1.0e+00 of the largest value) in a.0"


def test_keras_files_are_compared_by_their_weights_and_not_by_when_they_were_saved(tmp_path):
    old, new = files(tmp_path, np.ones((2, 3)), np.ones((2, 3)), weights)
    assert compare_files(old, new, name="model.keras")["equal"]
    weights(new, np.array([[1, 1, 1], [1, 1, 1.5]]))
    found = compare_files(old, new, name="model.keras")["text"]
    expected = "largest difference 0.5 (5.0e-01 of the largest value) at [1, 2] in layers/lstm/0"
    assert found == expected


def test_images_are_compared_by_their_pixels(tmp_path):
    black = np.zeros((4, 5, 3), dtype=np.uint8)
    old, new = files(tmp_path, black, black, image)
    with Image.open(old) as opened:
        opened.save(new, format="PNG", compress_level=0)
    assert old.read_bytes() != new.read_bytes()
    assert compare_files(old, new, name="plot.png")["equal"]
    black[3, 4, 1] = 1
    image(new, black)
    found = compare_files(old, new, name="plot.png")["text"]
    assert found == "1 of 80 differ, 0 became 1 at [3, 4, 1]"


@pytest.mark.parametrize(
    ("new", "sentence"),
    [("a\nb\nC\n", "6 and 6 bytes, first different in line 3"),
     ("a\nb\nc\nd\n", "6 and 8 bytes, different at the end")],
)  # fmt: skip
def test_other_files_are_compared_by_their_lines(tmp_path, new, sentence):
    paths = files(tmp_path, "a\nb\nc\n", new, text)
    assert compare_files(*paths, name="page.html") == {"equal": False, "text": sentence}
