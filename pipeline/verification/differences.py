"""How far two versions of one file are apart, as numbers: `python -m pipeline.verification.differences OLD NEW`.

A process of its own: it loads numeric libraries, which the command line must not, and reads files
that nobody may trust. It prints a JSON object: whether the values are the same within TOLERANCE, and
the largest difference and its place in words.
"""

import io
import json
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet
from PIL import Image

TOLERANCE = 1e-6  # of the largest magnitude in the same column, weight, image or number
Values = dict[str, np.ndarray]
NOTES = {"date_saved"}  # of a Keras file: no values


def compare_files(old: Path, new: Path, *, name: str) -> dict[str, Any]:
    """Compare two files by the values in them.

    Args:
        old: The recorded one.
        new: The reproduced one.
        name: What the file is called, whose ending tells its kind.

    Returns:
        `equal`, whether all values are the same within TOLERANCE, and `text`, what differs most.
    """
    read = READERS.get(Path(name).suffix)
    if read is None or old.is_dir() or new.is_dir():
        return {"equal": False, "text": _bytes_differ(old, new)}
    return compare_values(read(old), read(new))


def compare_values(old: Values, new: Values) -> dict[str, Any]:
    """Compare named arrays; NaN equals NaN."""
    alone = sorted(old.keys() ^ new.keys())
    if alone:
        which = "recorded" if alone[0] in old else "reproduced"
        return {"equal": False, "text": f"{alone[0]} is only in the {which} one"}
    worst, text = 0.0, "the same values in other bytes"
    for name in old:
        share, said = _difference(old[name], new[name])
        if share > worst:
            worst, text = share, f"{said} in {name}" if name else said
    return {"equal": worst <= TOLERANCE, "text": text}


def _difference(old: np.ndarray, new: np.ndarray) -> tuple[float, str]:
    """Measure the largest difference of two arrays as a share of the largest old magnitude.

    Only numbers with a fraction may be off by a share; positions, times and pixels may not.
    """
    if old.shape != new.shape:
        return np.inf, f"shape {old.shape} became {new.shape}"
    if "f" in (old.dtype.kind, new.dtype.kind) and {old.dtype.kind, new.dtype.kind} <= set("iuf"):
        return _numbers_differ(old.astype(np.float64), new.astype(np.float64))
    unequal = np.argwhere(np.asarray(old != new))
    if not unequal.size:
        return 0.0, ""
    place = tuple(unequal[0])
    return (
        np.inf,
        f"{len(unequal)} of {old.size} differ, {old[place]} became {new[place]}{_at(place)}",
    )


def _numbers_differ(old: np.ndarray, new: np.ndarray) -> tuple[float, str]:
    same = (old == new) | (np.isnan(old) & np.isnan(new))
    apart = np.where(same, 0.0, np.abs(new - old))
    apart[np.isnan(apart)] = np.inf
    if not apart.any():
        return 0.0, ""
    place = np.unravel_index(int(apart.argmax()), apart.shape)
    largest = np.abs(old[np.isfinite(old)]).max(initial=0.0)
    share = float(apart[place] / largest) if largest > 0 else np.inf
    return share, (
        f"largest difference {apart[place]:.3g} ({share:.1e} of the largest value){_at(place)}"
    )


def _at(place: tuple[Any, ...]) -> str:
    if not place:
        return ""
    return f" at row {place[0]}" if len(place) == 1 else f" at {[int(i) for i in place]}"


def _parquet(path: Path) -> Values:
    return _columns(pyarrow.parquet.read_table(path))


def _csv(path: Path) -> Values:
    return _columns(pyarrow.csv.read_csv(path))


def _columns(table: Any) -> Values:
    lists = [name for name in table.column_names if pyarrow.types.is_list(table[name].type)]
    frame = table.drop_columns(lists).to_pandas(date_as_object=False, ignore_metadata=True)
    values = {name: frame[name].to_numpy() for name in frame.columns}
    for name in lists:
        values |= _lists(name, table[name])
    return values


def _lists(name: str, column: Any) -> Values:
    """Lay lists of one length out as rows and columns; else their lengths, and what is in them."""
    lengths = pyarrow.compute.list_value_length(column).to_numpy()
    items = pyarrow.compute.list_flatten(column).to_numpy()
    if len(lengths) and (lengths == lengths[0]).all():
        return {name: items.reshape(len(lengths), -1)}
    return {f"{name}.length": lengths, name: items}


def _json(path: Path) -> Values:
    return _document(path.read_bytes())


def _document(content: bytes) -> Values:
    return {name: np.asarray(leaf) for name, leaf in _leaves(json.loads(content), "")}


def _leaves(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict | list) and value:
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            if key not in NOTES:
                yield from _leaves(item, f"{name}.{key}" if name else str(key))
    else:
        yield name, value if isinstance(value, int | float) else json.dumps(value)


def _keras(path: Path) -> Values:
    """Read the weights and, as numbers and texts, the configuration of a Keras file."""
    values: Values = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            content = archive.read(name)
            if name.endswith(".h5"):
                values |= _weights(io.BytesIO(content))
            elif name.endswith(".json"):
                values |= {f"{name}: {key}": value for key, value in _document(content).items()}
    return values


def _weights(file: Any) -> Values:
    values: Values = {}

    def take(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            values[name] = np.asarray(item)

    with h5py.File(file) as stored:
        stored.visititems(take)
    return values


def _image(path: Path) -> Values:
    with Image.open(path) as image:
        return {"": np.asarray(image.convert("RGBA"))}


def _bytes_differ(old: Path, new: Path) -> str:
    if old.is_dir() or new.is_dir():
        return "files of the folder differ"
    before, after = old.read_bytes(), new.read_bytes()
    paired = zip(before.splitlines(), after.splitlines(), strict=False)
    line = next((number for number, (a, b) in enumerate(paired, 1) if a != b), None)
    sizes = f"{len(before)} and {len(after)} bytes"
    return f"{sizes}, first different in line {line}" if line else f"{sizes}, different at the end"


READERS: dict[str, Callable[[Path], Values]] = {
    ".parquet": _parquet,
    ".csv": _csv,
    ".json": _json,
    ".keras": _keras,
    ".h5": _weights,
    ".png": _image,
}


if __name__ == "__main__":
    recorded, reproduced, called = sys.argv[1:]
    print(json.dumps(compare_files(Path(recorded), Path(reproduced), name=called)))
