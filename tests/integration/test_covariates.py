"""The chain on a table with every kind of covariate: what the model reads, and what it may not."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest

from foundation.errors import DataError
from stages.storage.checkpoints import NO_CHECKPOINTS
from tests.support.chain import run_chain
from tests.support.covariates import SHOPS, csv, shops_table
from tests.support.pages import check_documented, sections
from tests.support.predictions import predictions_of

LOOKBACK, HORIZON = 7, 3
BORDER = "2024-05-20"  # in the test part, which begins on 2024-05-05
WEIGHTS = "models/model.keras"


@dataclasses.dataclass(frozen=True)
class Chain:
    """A folder in which every stage has run on a table."""

    folder: Path

    def bytes(self, path: str) -> bytes:
        return (self.folder / path).read_bytes()

    @property
    def inputs(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.bytes("models/inputs.json"))
        return content

    @property
    def predictions(self) -> pd.DataFrame:
        return predictions_of(self.folder)

    @property
    def series(self) -> pd.DataFrame:
        return pd.read_parquet(self.folder / "data/series.parquet")


@pytest.fixture(scope="module", autouse=True)
def _without_checkpoints() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(NO_CHECKPOINTS, "1")
        yield


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    """What the stages make of the table; tests only read it."""
    return run(tmp_path_factory.mktemp("chain"), shops_table())


def run(folder: Path, table: pd.DataFrame, *overrides: str) -> Chain:
    keras.utils.clear_session()  # which counts names, as if it were a process of its own
    run_chain(folder, csv(table), *SHOPS, *overrides)
    return Chain(folder)


def by_hand(name: str, frame: pd.DataFrame) -> np.ndarray:
    """Compute a column of an input from the rows of the series, by its name alone."""
    if name in frame:
        return frame[name].to_numpy()
    if name == "holidays:PT":
        days = ["02-13", "03-29", "04-25", "05-01", "05-30"]  # of spring 2024
        return np.isin(frame.index.strftime("%m-%d"), days)
    if name.startswith("weekday_"):
        wave = {"weekday_sin": np.sin, "weekday_cos": np.cos}[name]
        return wave(2 * np.pi * frame.index.day_of_week / 7)
    column, category = name.split("=")
    return (frame[column] == category).to_numpy()


def test_the_saved_model_forecasts_with_keras_alone_from_the_described_inputs(chain: Chain):
    """Each input is put together by the names in models/inputs.json, with nothing of this project."""
    series, columns = chain.series, chain.inputs["columns"]
    model = keras.saving.load_model(chain.folder / WEIGHTS, compile=False, safe_mode=True)
    table = chain.predictions
    last = table[(table["series"] == "park") & (table["origin"] == table["origin"].max())]
    shop = series.loc["park"]
    read = shop.loc[: last["origin"].iloc[0]].iloc[-LOOKBACK:]
    ahead = shop.loc[last["time"]]

    def gathered(name: str, rows: pd.DataFrame) -> np.ndarray:
        found = [by_hand(column, rows) for column in columns[name]]
        return np.stack(found, axis=-1).astype(np.float64)[None]  # (1, rows, columns)

    forecast = model(
        {
            "window": gathered("window", read),
            "past": gathered("past", read),
            "future": gathered("future", ahead),
            "static": gathered("static", read)[:, 0],
        }
    )

    assert list(columns) == ["future", "past", "static", "window"]  # as JSON sorts them
    np.testing.assert_allclose(np.asarray(forecast).ravel(), last["forecast"], rtol=1e-6)


def test_the_description_of_the_inputs_has_the_documented_fields(chain: Chain):
    fields = sections("artifacts.md")["models/inputs.json"]

    check_documented(chain.inputs, fields, empty=set())
    assert chain.inputs["categories"] == {
        "event": ["fair", "none"],
        "kind": ["city", "suburb"],
        "sky": ["clear", "cloudy", "rain"],
    }
    assert (chain.inputs["step"], chain.inputs["id"]) == ("D", "shop")


def test_rows_with_only_what_is_known_ahead_are_kept_and_never_scored(chain: Chain):
    tail = chain.series.loc["south"].tail(5)

    assert tail[["sales", "visitors", "sky"]].isna().all(axis=None)
    assert tail[["price", "event", "kind", "size"]].notna().all(axis=None)
    assert chain.predictions["time"].max() < tail.index[0]


def changed(columns: list[str], rows: Callable[[pd.Series], pd.Series]) -> pd.DataFrame:
    """Change columns of the table in some of its rows, wherever there is a value."""
    table = shops_table()
    marked = rows(table["day"])
    for column in columns:
        if column in ("sky", "event"):
            first = sorted(table[column].dropna().unique())[0]
            table.loc[marked & table[column].notna(), column] = first
        else:
            table.loc[marked, column] += 1000
    return table


def test_no_forecast_reads_a_target_or_a_past_covariate_after_its_origin(
    chain: Chain, tmp_path: Path
):
    table = changed(["sales", "visitors", "sky"], lambda day: day > BORDER)
    other = run(tmp_path, table)
    before = chain.predictions["origin"] <= BORDER

    assert other.bytes(WEIGHTS) == chain.bytes(WEIGHTS)  # nothing of the test enters the training
    assert other.bytes("models/inputs.json") == chain.bytes("models/inputs.json")
    forecasts = chain.predictions["forecast"], other.predictions["forecast"]
    assert forecasts[0][before].equals(forecasts[1][before])
    assert (forecasts[0][~before] != forecasts[1][~before]).all()


def test_no_forecast_reads_a_future_covariate_beyond_its_horizon(chain: Chain, tmp_path: Path):
    other = run(tmp_path, changed(["price", "event"], lambda day: day > BORDER))
    last = chain.predictions["origin"] + pd.Timedelta(days=HORIZON)
    forecasts = chain.predictions["forecast"], other.predictions["forecast"]

    assert other.bytes(WEIGHTS) == chain.bytes(WEIGHTS)
    assert forecasts[0][last <= BORDER].equals(forecasts[1][last <= BORDER])
    assert (forecasts[0][last > BORDER] != forecasts[1][last > BORDER]).all()


def test_what_is_known_ahead_below_the_last_target_changes_no_score(chain: Chain, tmp_path: Path):
    last = shops_table().dropna()["day"].max()
    other = run(tmp_path, changed(["price", "event"], lambda day: day > last))

    assert other.bytes("reports/scores.json") == chain.bytes("reports/scores.json")


def replaced(day: str, column: str, value: Any, *, shop: str = "park") -> pd.DataFrame:
    table = shops_table()
    table.loc[(table["day"] == day) & (table["shop"] == shop), column] = value
    return table


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (
            replaced(BORDER, "sky", "snow"),
            r"^Column 'sky' \(ingest\.past_covariates\) of series 'park' at 2024-05-20 00:00:00 is "
            r"'snow', a category that no training window reads \(known: 'clear', 'cloudy', 'rain'\)\. ",
        ),
        (
            replaced(BORDER, "event", "strike"),
            r"^Column 'event' \(ingest\.future_covariates\) of series 'park' at 2024-05-20 .* 'strike'",
        ),
        (  # the last row, which only the window of the newest rows reads
            replaced("2024-05-30", "sky", "snow"),
            r"^Column 'sky' .* of series 'park' at 2024-05-30 00:00:00 is 'snow', a category that no ",
        ),
        (  # the third and last step that is forecast
            replaced("2024-06-02", "event", "strike"),
            r"^Column 'event' .* of series 'park' at 2024-06-02 00:00:00 is 'strike', a category that no ",
        ),
        (
            replaced(BORDER, "kind", "city"),
            r"^Column 'kind' \(ingest\.static_covariates\) of series 'park' has more than one value: "
            r"found 'city' and 'suburb'\. ",
        ),
        (
            replaced("2024-06-01", "price", None),  # below the last target, and known the day after
            r"^Feature 'price' of series 'park' has no value in row .* \(2024-06-01 00:00:00; ",
        ),
        (
            shops_table().assign(price=10.0),
            r"^Feature 'price' is constant: every row is 10\.0\. .*ingest\.future_covariates",
        ),
        (
            shops_table().assign(weekday_sin=np.arange(375.0)),
            r"^Column 'weekday_sin' \(ingest\.targets\) has the name of what is read of the calendar, ",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_by_name(tmp_path: Path, table: pd.DataFrame, sentence: str):
    with pytest.raises(DataError, match=sentence):
        run(tmp_path, table)


def gapped() -> pd.DataFrame:
    """Leave out one price of park, and one number of visitors of north."""
    table = replaced(BORDER, "price", None)
    table.loc[(table["day"] == "2024-04-01") & (table["shop"] == "north"), "visitors"] = None
    return table


def windows_over(chain: Chain, column: str, start: str, length: int) -> int:
    """Count the windows with the missing value of a column among so many rows from their start on."""
    series = chain.series.reset_index()
    targets = series["sales"].notna()
    (row,) = np.flatnonzero(targets & series[column].isna())
    starts = pd.read_parquet(chain.folder / "data/windows.parquet")[start]
    return int(((starts <= row) & (row < starts + length)).sum())


def test_with_skipped_gaps_no_window_reads_a_missing_covariate(tmp_path: Path):
    found = run(tmp_path, gapped(), "ingest.gaps=skip")

    assert windows_over(found, "price", "input_start", LOOKBACK + HORIZON) == 0
    assert windows_over(found, "visitors", "input_start", LOOKBACK) == 0
    assert windows_over(found, "visitors", "target_start", HORIZON) == HORIZON  # nobody reads it
    counted = json.loads(found.bytes("reports/scores.json"))["windows"]
    assert counted["left_out"] == (LOOKBACK + HORIZON) + LOOKBACK


def test_a_missing_covariate_is_filled_where_it_is_past_and_not_where_it_is_known_ahead(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("INFO")
    found = run(tmp_path, gapped(), "ingest.gaps=interpolate")

    assert windows_over(found, "price", "input_start", LOOKBACK) == LOOKBACK
    assert windows_over(found, "price", "target_start", HORIZON) == 0
    assert windows_over(found, "visitors", "input_start", LOOKBACK) == LOOKBACK
    counted = json.loads(found.bytes("reports/scores.json"))["windows"]
    assert counted["left_out"] == HORIZON
    assert (
        "ingest: data/raw/table.csv, 3 series, 375 rows x 1 features with 2 past covariates, 2 future "
        "covariates, 2 static covariates, 2 of the calendar from 2024-02-01 00:00:00 to 2024-06-04 00:00:00"
    ) in caplog.messages
    assert (
        "windowing: 330 windows over 375 rows, 3 left out that would need a missing value"
        in caplog.messages
    )
