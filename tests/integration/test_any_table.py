"""Any table of one series or many: one sentence says what is wrong, or windows and split are honest."""

import contextlib
import copy
from dataclasses import dataclass
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from forecasting.data.filling import fill
from forecasting.data.panel import Panel
from foundation.errors import PipelineError
from foundation.params import Params, check_params
from stages import ingest, split, windowing
from stages.storage import artifacts
from tests.support.project import ROOT

COMMITTED = YAML(typ="safe").load(ROOT / "params.yaml")
START = pd.Timestamp("2024-01-01")
PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Raw:
    """A drawn table: cells as text, an empty one missing.

    Attributes:
        table: Column `time`, columns of ids in a long table, then columns of numbers.
        ids: The columns of ids.
    """

    table: pd.DataFrame
    ids: list[str]

    def values(self) -> dict[tuple[str, pd.Timestamp], list[float]]:
        """Map the name of a series and a time to the numbers of that row."""
        numbers = self.table.drop(columns=["time", *self.ids]).apply(pd.to_numeric)
        names = (
            self.table[self.ids].agg("/".join, axis="columns") if self.ids else [""] * len(numbers)
        )
        times = pd.to_datetime(self.table["time"])
        return dict(zip(zip(names, times, strict=True), numbers.to_numpy().tolist(), strict=True))


@st.composite
def one_series(draw: st.DrawFn, n_columns: int, step: pd.Timedelta, *, gaps: bool) -> pd.DataFrame:
    """A series with a start and a length of its own; with gaps, rows and cells are missing."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_rows = draw(st.sampled_from([60, 60, 60, 40, 40, 25, 25, 12, 4, 0]))
    first = START + draw(st.sampled_from([0, 0, 3, 15])) * step
    times = pd.date_range(first, periods=n_rows, freq=step)
    numbers = rng.normal(size=(n_rows, n_columns)).cumsum(axis=0).round(3)
    cells = pd.DataFrame(numbers, columns=[*"uvw"[:n_columns]]).astype(str)
    share = draw(st.sampled_from([0, 0.02, 0.1, 0.5])) if gaps else 0
    cells = cells.mask(rng.random(cells.shape) < share, "")
    table = cells.assign(time=times.strftime("%Y-%m-%d %H:%M:%S"))
    return table[rng.random(n_rows) >= (draw(st.sampled_from([0, 0.05, 0.3])) if gaps else 0)]


@st.composite
def tables(draw: st.DrawFn) -> Raw:
    """A wide table or a long one, its rows by series, by time or in any order; seldom spoilt."""
    n_columns, step = draw(st.integers(1, 3)), pd.Timedelta(draw(st.sampled_from(["1D", "1h"])))
    gaps = draw(st.booleans())
    if draw(st.booleans()):
        return Raw(draw(one_series(n_columns, step, gaps=gaps)), [])
    ids = draw(st.sampled_from([["place"], ["land", "place"]]))
    keys = [("x", "a"), ("x", "b"), ("y", "a"), ("y", "10"), ("ä b", "7")]
    parts = []
    for land, place in draw(st.lists(st.sampled_from(keys), min_size=1, max_size=4, unique=True)):
        names = {"land": land, "place": place} if len(ids) == 2 else {"place": f"{land}{place}"}
        odd = draw(st.integers(0, 19)) == 0
        drawn = draw(one_series(n_columns, step * 2 if odd else step, gaps=gaps))
        parts.append(drawn.assign(**names))
    table = pd.concat(parts, ignore_index=True)
    if draw(st.booleans()):
        table = table.sort_values("time", kind="stable")
    if draw(st.integers(0, 9)) == 0:
        table = table.sample(frac=1, random_state=1)
    if draw(st.integers(0, 9)) == 0:
        table = pd.concat([table, table.tail(1)])
    return Raw(table, ids)


@st.composite
def changes(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    """Values for sections of the parameters."""
    shares = st.sampled_from([0.1, 0.2, 0.4])
    return {
        "ingest": {
            "frequency": draw(st.sampled_from([*["infer"] * 6, "D", "h", "rows"])),
            "gaps": draw(st.sampled_from(["error", "skip", "interpolate", "interpolate"])),
            "max_gap": draw(st.sampled_from([1, 3, 30])),
        },
        "windowing": {
            "lookback": draw(st.integers(1, 6)),
            "horizon": draw(st.integers(1, 3)),
            "stride": draw(st.integers(1, 3)),
        },
        "split": {
            "method": draw(st.sampled_from(["random", "chronological"])),
            "test_size": draw(shares),
            "validation_size": draw(shares),
            "gap": draw(st.sampled_from(["lookback", "lookback", 0, 2])),
        },
    }


def params_for(raw: Raw, changed: dict[str, dict[str, Any]]) -> Params:
    content = copy.deepcopy(COMMITTED)
    for section, values in changed.items():
        content[section] |= values
    content["ingest"] |= {"raw": "table.csv", "time": "time", "id": raw.ids or None}
    return check_params(content, source="a drawn file")


def finishes(folder: Path, raw: Raw, params: Params) -> bool:
    """Run the stages up to the split; a refusal is one sentence on one line."""
    raw.table.to_csv(folder / "table.csv", index=False)
    with contextlib.chdir(folder):
        try:
            for stage in (ingest, windowing, split):
                stage.run(params)
        except PipelineError as refused:
            assert "\n" not in str(refused)
            assert str(refused).endswith(".")
            return False
    return True


def last_values(
    expected: dict[tuple[str, pd.Timestamp], list[float]],
    name: str,
    time: pd.Timestamp,
    known: list[float],
) -> list[float]:
    """Return what is known in a row, and where nothing is, the last value before it."""
    before = [expected[key] for key in sorted(expected) if key[0] == name and key[1] < time]
    return pd.DataFrame([*before, known]).ffill().iloc[-1].tolist()


def check_series(raw: Raw, panel: Panel, params: Params) -> None:
    """Nothing was invented, moved or lost but at the ends of a series."""
    expected, missing = raw.values(), [np.nan] * len(panel.columns)
    names, firsts = np.repeat(panel.names, panel.lengths), {*panel.offsets[:-1].tolist()}
    for row, (name, time) in enumerate(zip(names, panel.times, strict=True)):
        known = expected.get((name, time), missing)
        if row in firsts and params.ingest.gaps == "interpolate":
            known = last_values(expected, name, time, known)
        np.testing.assert_array_equal(panel.values[row], known)
    for number, name in enumerate(panel.names):
        times = panel.series(number).index
        assert params.ingest.frequency == "rows" or len(np.unique(np.diff(times.asi8))) <= 1
        inside = [t for n, t in expected if n == name and times[0] <= t <= times[-1]]
        assert set(inside) <= set(times)


def possible_windows(panel: Panel, params: Params) -> list[int]:
    """List by hand the first rows of all windows that read and predict what they may."""
    lookback, horizon = params.windowing.lookback, params.windowing.horizon
    whole = ~np.isnan(panel.values).any(axis=1)
    starts = []
    for first, stop in pairwise(panel.offsets.tolist()):
        for start in range(first, stop - lookback - horizon + 1, params.windowing.stride):
            target = start + lookback
            read = range(start if params.ingest.gaps == "skip" else target, target + horizon)
            if whole[list(read)].all():
                starts.append(start)
    return starts


def check_windows(windows: pd.DataFrame, panel: Panel, params: Params) -> None:
    starts = windows["input_start"]
    assert starts.tolist() == possible_windows(panel, params)
    for name, rows in {
        "input_stop": params.windowing.lookback,
        "target_start": params.windowing.lookback,
        "target_stop": params.windowing.lookback + params.windowing.horizon,
    }.items():
        assert (windows[name] - starts == rows).all()
    if panel.id is not None:
        assert (panel.codes[starts] == windows["series"]).all()


def rows_of(windows: pd.DataFrame, start: str, stop: str) -> set[int]:
    pairs = zip(windows[start], windows[stop], strict=True)
    return {row for first, last in pairs for row in range(first, last)}


def check_split(parts: pd.DataFrame, panel: Panel, params: Params) -> None:
    """No part is empty; in the order of time, no later part can have been seen in an earlier one."""
    found = {name: parts[parts["part"] == name] for name in PARTS}
    if params.split.method == "random":
        assert len(found["test"]) == np.ceil(params.split.test_size * len(parts))
        assert len(found["train"]) + len(found["test"]) == len(parts)
        return
    for earlier, later in pairwise(PARTS):
        seen = rows_of(found[earlier], "input_start", "target_stop")
        predicted = rows_of(found[later], "target_start", "target_stop")
        assert max(panel.times[sorted(seen)]) < min(panel.times[sorted(predicted)])
        if params.split.gap == "lookback":
            read = rows_of(found[later], "input_start", "input_stop")
            assert not read & rows_of(found[earlier], "target_start", "target_stop")


def check_reading(windows: pd.DataFrame, panel: Panel) -> None:
    """What a window reads stays the same when everything outside its own past changes."""
    filled = fill(panel.values, panel.offsets)
    for window in windows.iloc[:: max(1, len(windows) // 5)].itertuples():
        first = panel.offsets[panel.series_of(window.input_start)]
        changed = np.full_like(panel.values, -1e6)
        changed[first : window.input_stop] = panel.values[first : window.input_stop]
        rows = np.arange(window.input_start, window.input_stop)
        read = filled.read(rows, np.array(window.input_stop))
        assert not np.isnan(read).any()
        other = fill(changed, panel.offsets).read(rows, np.array(window.input_stop))
        np.testing.assert_array_equal(read, other)


def test_any_table_is_refused_in_one_sentence_or_split_without_a_leak(tmp_path):
    finished = []

    @settings(
        derandomize=True,
        deadline=None,
        max_examples=400,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(tables(), changes())
    def check(raw: Raw, changed: dict[str, dict[str, Any]]) -> None:
        params = params_for(raw, changed)
        if not finishes(tmp_path, raw, params):
            return
        with contextlib.chdir(tmp_path):
            panel = artifacts.SERIES.load_panel()
            windows, parts = artifacts.WINDOWS.load(), artifacts.SPLIT.load()
        check_series(raw, panel, params)
        check_windows(windows, panel, params)
        pd.testing.assert_frame_equal(parts.drop(columns="part"), windows)
        check_split(parts, panel, params)
        check_reading(windows, panel)
        finished.append(
            (len(panel.names) > 1, bool(np.isnan(panel.values).any()), params.split.method)
        )

    check()
    one_or_many, complete_or_not = (False, True), (False, True)
    methods = ("random", "chronological")
    assert {*finished} == {*product(one_or_many, complete_or_not, methods)}
