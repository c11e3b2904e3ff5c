"""Whatever a table or the parameters hold, the answer is a valid one or an error of ours."""

import copy

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from ruamel.yaml import YAML

from forecasting.data.panel import single
from forecasting.data.regularity import regular_panel
from foundation.errors import DataError, ParamsError, PipelineError
from foundation.params import Params, check_params
from stages.storage.raw_tables import read_table
from tests.support.project import ROOT
from tests.unit.stages.storage.test_raw_tables import csv, ingest_section

COMMITTED = YAML(typ="safe").load(ROOT / "params.yaml")
fuzz = settings(
    derandomize=True,
    deadline=None,
    max_examples=300,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def mostly(*usual, odd):
    """Draw what is usual several times as often, so that some tables stay valid."""
    return st.sampled_from([*usual * (9 * len(odd) // len(usual)), *odd])


VALID_TIMES = [f"2024-01-{day:02d} 00:00" for day in range(1, 13)]
OFFSETS = mostly("", odd=["Z", "+01:00", "+02", "-0330"])
ODD_TIMES = (
    st.sampled_from(["x", "now", "0000-01-01", "2024-01-01 00:00:00.0000001", *VALID_TIMES])
    | st.datetimes().map(str)
    | st.text(max_size=5)
)
CELLS = (
    st.floats().map(repr)
    | st.integers(-(10**20), 10**20).map(str)
    | st.sampled_from(["", " ", "NA", "nan", "inf", "1,5", "1.5", "1.000,5", '"', '"7"', "x"])
    | st.text(max_size=3)
)
TIME_TYPES = [
    *[pa.timestamp("us"), pa.timestamp("us", "UTC")] * 3,
    *[pa.timestamp(unit) for unit in ("ms", "us", "ns")],
    *[pa.timestamp("us", "Europe/Berlin"), pa.timestamp("ms", "+01:00")],
    *[pa.int64(), pa.string()],
]
NUMBER_TYPES = [
    *[pa.float64()] * 9,
    *[pa.float64(), pa.float32(), pa.int64(), pa.int8(), pa.uint64()],
    *[pa.bool_(), pa.string()],
]
SEPARATORS = st.sampled_from([",", ";", "\t", "|", " "])
STEPS = ["infer", "infer", "D", "h", "MS", "B", "us", "15min", "0h", "-1h", "1ns", "bh", "W-MON"]
CHANGES = {
    "separator": SEPARATORS,
    "decimal": st.just(","),
    "encoding": st.sampled_from(["latin-1", "utf-16", "ascii", "utf-7", "cp037"]),
    "time_format": st.sampled_from(["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M%z", "%d.%m.%Y", "%z"]),
    "frequency": st.sampled_from(STEPS) | st.text(min_size=1, max_size=5),
    "gaps": st.just("interpolate"),
    "max_gap": st.integers(1, 5),
    "targets": st.sampled_from([["a"], ["b", "a"]]),
}


@st.composite
def sections(draw):
    """Changes to a few values of the ingest section."""
    names = draw(st.lists(st.sampled_from(sorted(CHANGES)), max_size=2, unique=True))
    return {name: draw(CHANGES[name]) for name in names}


def some_of(draw, length):
    """A few places of a list to spoil; often none."""
    return draw(st.lists(st.integers(0, length - 1), max_size=2, unique=True)) if length else []


@st.composite
def times(draw):
    """Even times, but for what is done to some of them."""
    offset = draw(OFFSETS)
    texts = [time + offset for time in VALID_TIMES[: draw(mostly(12, 11, odd=[0, 1, 2, 3]))]]
    for row in some_of(draw, len(texts)):
        if draw(st.booleans()):
            texts[row] = draw(ODD_TIMES) + draw(OFFSETS)
        else:
            texts[row] = ""
    return texts if draw(st.booleans()) else [text for text in texts if text]


@st.composite
def csv_tables(draw):
    """A CSV with some odd cells, as bytes, and its separator."""
    separator, rows = draw(SEPARATORS), draw(times())
    names = draw(mostly(["a"], ["a", "b"], ["b", "a"], odd=[["a", "b", ""], ["a", "a"], []]))
    cells = [[str(row + column) for column in range(len(names))] for row in range(len(rows))]
    for row in some_of(draw, len(rows)):
        if names and draw(st.booleans()):
            cells[row][-1] = draw(CELLS)
        else:
            cells[row] = draw(st.lists(CELLS, max_size=3))
    text = csv(
        [separator.join(row) for row in cells],
        header=separator.join(["time", *names]),
        times=rows,
        separator=separator,
    )
    encoding = draw(mostly("utf-8", odd=["utf-8-sig", "latin-1", "utf-16"]))
    end = draw(st.sampled_from(["\n", "\n", "\r\n", "\r", "\n\n"]))
    return text.replace("\n", end).encode(encoding, errors="replace"), separator


@st.composite
def parquet_tables(draw):
    """A Parquet file with columns of many types, some with odd values, as bytes."""
    n_rows = draw(mostly(6, 5, odd=[0, 1, 2, 3]))
    odd = st.none() | st.integers(-(2**62), 2**62)

    def column(kind, step):
        values = [row * step for row in range(n_rows)]
        for row in some_of(draw, n_rows):
            values[row] = draw(odd)
        return pa.array(values, pa.int64()).cast(kind, safe=False)

    names = draw(mostly(["a"], ["b", "a"], ["a", "b", "a.b"], odd=[["a", ""], ["a", "a"], []]))
    columns = [column(draw(st.sampled_from(NUMBER_TYPES)), step=1) for _ in names]
    if draw(mostly(True, odd=[False])):
        names = ["time", *names]
        columns = [column(draw(st.sampled_from(TIME_TYPES)), step=10**6), *columns]
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_arrays(columns, names), sink)
    return sink.getvalue().to_pybytes()


YAML_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.dates()
    | st.binary(max_size=3)
    | st.sampled_from([0, 1, 2**40, 10**400, "all", "none", "../x.csv", "adam", "\ud800", "1e-3"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=5) | st.integers() | st.none() | st.just("units"), inner, max_size=3
        )
    ),
    max_leaves=5,
)


@st.composite
def parameters(draw):
    """The committed parameters after a few changes anywhere in them."""
    content = copy.deepcopy(COMMITTED)
    for _ in range(draw(st.integers(0, 3))):
        place = content
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            key = draw(st.sampled_from(keys)) if keys else None
            deeper = key is not None and isinstance(place[key], dict | list)
            if not deeper or draw(st.integers(0, 3)) == 0:
                break
            place = place[key]
        change(draw, place, key)
    return draw(YAML_VALUES) if draw(st.integers(0, 19)) == 0 else content


def change(draw, place, key):
    """Replace, remove, copy or add something in a section or a list."""
    kind = draw(st.sampled_from(["replace", "remove", "copy", "add"]))
    if kind == "add" and isinstance(place, dict):
        place[draw(st.text(max_size=5) | st.integers())] = draw(YAML_VALUES)
    elif kind == "add" or key is None:
        place.append(draw(YAML_VALUES)) if isinstance(place, list) else None
    elif kind == "remove":
        del place[key]
    elif kind == "copy" and isinstance(place, list):
        place.append(copy.deepcopy(place[key]))
    elif kind == "copy" and isinstance(place[key], int | float):
        place[key] = draw(st.integers(0, 9) | st.floats(0, 1))
    else:
        place[key] = draw(YAML_VALUES)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def is_valid(folder, name, content, changes):
    """Tell a valid series, which is checked, from what a sentence refuses."""
    (folder / name).write_bytes(content)
    try:
        section = ingest_section(**changes | {"raw": name})
    except ValidationError:  # such as equal separator and decimal
        return False
    try:
        series = regular_panel(
            single(read_table(section).numbers),
            frequency=section.frequency,
            gaps=section.gaps,
            max_gap=section.max_gap,
        ).series(0)
    except PipelineError as error:
        assert "\n" not in str(error)
        return False
    check_series(series, section)
    return True


def check_series(series, section):
    times, frequency = series.index, section.frequency
    assert times.name == "time"
    assert times.dtype == "datetime64[us]"
    if frequency == "infer" and len(set(np.diff(times.asi8))) > 1:
        with pd.option_context("future.infer_freq_returns_offset", True):
            frequency = pd.infer_freq(times)  # steps of unequal length: the calendar's
    elif frequency == "infer":
        frequency = times[1] - times[0]
    assert times.equals(pd.date_range(times[0], times[-1], freq=frequency, unit="us"))
    assert len(series.columns)
    assert (series.dtypes == np.float64).all()
    values = series.to_numpy()
    assert not np.isinf(values).any()
    assert not np.isnan(values if section.gaps == "error" else values[0]).any()


def test_random_bytes_are_refused(folder):
    @fuzz
    @given(st.binary(max_size=200), st.sampled_from(["csv", "parquet"]), sections())
    def check(content, kind, changes):
        assert not is_valid(folder, f"table.{kind}", content, changes)

    check()


def test_a_csv_is_a_valid_series_or_refused(folder):
    valid = []

    @fuzz
    @given(csv_tables(), sections(), mostly(True, odd=[False]))
    def check(table, changes, knows_separator):
        content, separator = table
        known = {"separator": separator} if knows_separator else {}
        valid.append(is_valid(folder, "table.csv", content, changes | known))

    check()
    assert True in valid
    assert False in valid


def test_thousands_read_as_decimals_differ_from_the_truth_in_nothing_but_their_unit(folder):
    outcomes = []

    @fuzz
    @given(
        st.lists(st.integers(0, 2000) | st.integers(-(10**7), 10**7), min_size=1, max_size=12),
        st.sampled_from(",."),
        st.sampled_from(",."),
    )
    def check(numbers, mark, decimal):
        cells = [f"{number:,}".replace(",", mark) for number in numbers]
        text = csv(cells, times=VALID_TIMES[: len(cells)], header="time;a", separator=";")
        (folder / "table.csv").write_text(text)
        try:
            read = read_table(ingest_section(separator=";", decimal=decimal)).numbers["a"].tolist()
        except DataError as refused:
            outcomes.append("is not a number" in str(refused))
            return
        assert read in (numbers, [number / 1000 for number in numbers])
        outcomes.append(read == numbers)

    check()
    assert {True, False} == {*outcomes}


def test_a_parquet_table_is_a_valid_series_or_refused(folder):
    valid = []

    @fuzz
    @given(parquet_tables(), sections())
    def check(content, changes):
        valid.append(is_valid(folder, "table.parquet", content, changes))

    check()
    assert True in valid
    assert False in valid


def test_parameters_are_valid_or_refused():
    valid = []

    @fuzz
    @given(parameters())
    def check(content):
        try:
            valid.append(isinstance(check_params(content, source="params.yaml"), Params))
        except ParamsError:
            valid.append(False)

    check()
    assert True in valid
    assert False in valid
