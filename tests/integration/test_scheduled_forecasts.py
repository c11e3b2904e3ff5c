"""Forecasts of newer rows on a schedule, what becomes of them, and their verification."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.support.prefect_server import Server
from tests.support.project import Project, copy_project
from tests.support.quick import Started, until
from tests.support.remotes import with_remote

TABLE = "data/raw/station.csv"
SMALL = (
    f"ingest.raw={TABLE}", "ingest.time=hour", "windowing.lookback=6", "windowing.horizon=2",
    "split.method=chronological", "split.gap=0", "train.epochs=2", "train.batch_size=64",
    "model.layers.0.units=8", "forecast.horizon=5", "evaluate.season=24",
)  # fmt: skip
DEPLOYED = "forecast/scheduled"


@dataclass(frozen=True)
class Station:
    """A small project with one kept run, whose deployments are served."""

    project: Project
    server: Server
    source: Path

    def measures(self, n_rows: int) -> None:
        """Let the table have so many rows; those before are as they were."""
        table(n_rows).to_csv(self.project.root / TABLE, index=False)

    def publishes(self, n_rows: int) -> None:
        """Let the table that is imported have so many rows."""
        table(n_rows).to_csv(self.source, index=False)

    def forecasts(self, **request: Any) -> dict[str, Any]:
        """Start a forecast, as its form does, and wait for its end."""
        return self.server.ended(self.server.ask_for(DEPLOYED, **request), seconds=300)

    def kept(self) -> list[str]:
        return [run["name"] for run in json.loads(self.project.exactcast("runs", "--json"))]

    def listed(self) -> dict[str, dict[str, Any]]:
        found = json.loads(self.project.exactcast("forecasts", "--json"))
        return {each["run"]: each for each in found}


def table(n_rows: int) -> pd.DataFrame:
    noise = np.random.default_rng(0).normal(size=(1000, 2))[:n_rows]
    daily = np.sin(2 * np.pi * np.arange(n_rows) / 24)
    hours = pd.date_range("2024-03-01", periods=n_rows, freq="h")
    values = np.round(noise + np.stack([50 + 10 * daily, 40 - 5 * daily], axis=1), 3)
    return pd.DataFrame(
        values, columns=["load", "oil"], index=hours.strftime("%F %H:%M")
    ).reset_index(names="hour")


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Iterator[Station]:
    folder = tmp_path_factory.mktemp("scheduled")
    project = copy_project(folder / "station")
    station = Station(project, server, folder / "station.csv")
    station.publishes(300)
    project.dvc("import-url", "--quiet", str(station.source), TABLE)
    project.commit("a table")
    overrides = [word for each in SMALL for word in ("-S", each)]
    project.exactcast("run", "--no-prefect", "--name", "model", *overrides)
    project.commit("a run")
    with_remote(project, str(folder / "store"))
    serving = Started.of(
        project, "python", "-m", "pipeline", "serve", "--forecast-cron", "0 0 1 1 *",
        **server.environment, PREFECT_RUNNER_POLL_FREQUENCY="1",
    )  # fmt: skip
    try:
        until(lambda: server.serves("verify"), serving.said)
        yield station
    finally:
        serving.end_all()


@pytest.fixture(scope="module")
def story(station: Station) -> dict[str, Any]:
    """Forecasts of the same table, of three more rows, of these again, and of two more from the source."""
    runs = {"same": station.forecasts(refresh=True)}
    station.measures(303)
    runs |= {"newer": station.forecasts(), "again": station.forecasts()}
    status = station.project.git("status", "--porcelain")
    listed = station.listed()
    station.publishes(305)
    runs |= {"newest": station.forecasts(refresh=True, keep=1, push=True)}
    return runs | {"listed": listed, "status": status}


def test_a_forecast_of_the_table_that_the_model_knows_makes_nothing(story: dict[str, Any]):
    state = story["same"]["state"]
    assert (state["type"], state["name"]) == ("COMPLETED", "Unchanged")
    assert state["message"].endswith("Nothing was made. The forecast is that of model.")


def test_newer_rows_are_forecast_once_and_kept_under_the_name_of_the_flow_run(
    story: dict[str, Any], station: Station
):
    newer, again = story["newer"], story["again"]
    assert newer["state"]["message"] == (
        "Forecast data/newest/station.csv with the model of model. Kept as the experiment "
        f"{newer['name']}."
    )
    assert station.server.tasks(newer) == {"forecast": "Completed"}
    assert again["state"]["name"] == "Unchanged"
    assert again["state"]["message"].endswith(f"The forecast is that of {newer['name']}.")
    assert story["status"] == ""


def test_the_page_of_a_forecast_shows_its_table_and_its_picture(
    story: dict[str, Any], station: Station
):
    shown = station.server.artifacts(story["newer"])
    rows = json.loads(shown["forecast"])
    assert [row["time"] for row in rows[:5]] == [f"2024-03-13 {hour}:00" for hour in range(15, 20)]
    assert set(rows[0]) == {"series", "time", "forecast", "80 %", "90 %"}
    assert "![newest forecast](data:image/png;base64," in shown["report"]


def test_forecasts_are_listed_with_the_errors_since_realised(
    story: dict[str, Any], station: Station
):
    listed = story["listed"]
    assert list(listed) == ["model", story["newer"]["name"]]
    own, newer = listed.values()
    assert (own["first"], own["steps"], own["series"]) == ("2024-03-13 12:00:00", 5, 2)
    assert (own["known"], own["values"]) == (6, 10)  # three of five hours, of two targets
    made = pd.read_csv(station.project.root / "forecasts/forecast.csv")
    happened = table(303)
    for target in ("load", "oil"):
        forecast = made.loc[made["unique_id"] == target, "exactcast"].to_numpy()[:3]
        errors = abs(forecast - happened[target].to_numpy()[300:])
        assert own["mae"][target] == pytest.approx(errors.sum() / 3, rel=1e-12)
    assert set(own["coverage"]) == {"80", "90"}
    assert (newer["model"], newer["known"], newer["mae"]) == ("model", 0, {})


def test_refreshing_fetches_the_newest_rows_and_leaves_the_workspace_alone(
    story: dict[str, Any], station: Station
):
    newest = story["newest"]
    assert station.server.tasks(newest) == {
        "refresh": "Completed", "forecast": "Completed", "push": "Completed",
    }  # fmt: skip
    rows = json.loads(station.server.artifacts(newest)["forecast"])
    assert rows[0]["time"] == "2024-03-13 17:00"
    assert len(pd.read_csv(station.project.root / TABLE)) == 303
    assert station.project.git("status", "--porcelain") == ""


def test_a_forecast_that_is_pushed_is_with_its_table_in_the_remotes(
    story: dict[str, Any], station: Station
):
    shown = json.loads(station.project.exactcast("show", story["newest"]["name"], "--json"))
    entry = shown["record"]["lock"]["forecast"]
    hashes = {
        each["path"]: each["md5"] for each in [*entry["deps"], *entry["outs"]] if "md5" in each
    }
    store = station.source.parent / "store/files/md5"
    for path in ("data/newest/station.csv", "forecasts/forecast.csv", "models/final.keras"):
        assert (store / hashes[path][:2] / hashes[path][2:]).is_file()
    sent = station.project.git("ls-remote", "origin", "refs/exps/*")
    assert sent.strip().endswith(f"/{story['newest']['name']}")


def test_a_forecast_says_in_its_record_what_it_is_made_from(
    story: dict[str, Any], station: Station
):
    said = station.project.exactcast("show", story["newest"]["name"])
    assert "\nforecast data/newest/station.csv, by the model of model\n" in said


def test_forecasts_are_pruned_apart_from_runs_and_are_not_listed_among_them(
    story: dict[str, Any], station: Station
):
    assert list(station.listed()) == ["model", story["newest"]["name"]]
    assert station.kept() == ["model"]


def test_an_old_forecast_is_verified_after_the_data_have_grown(
    story: dict[str, Any], station: Station
):
    station.measures(320)
    found = json.loads(station.project.exactcast("verify", story["newest"]["name"], "--json"))
    assert found["identical"]
    outputs = {output["path"]: output for output in found["outputs"]}
    assert {"models/model.keras", "forecasts/forecast.parquet"} <= set(outputs)
    hashes = [outputs["forecasts/forecast.csv"][which] for which in ("recorded", "reproduced")]
    assert len(set(hashes)) == 1


def test_a_forecast_whose_bytes_are_gone_is_listed_and_said_to_be_missing(
    story: dict[str, Any], station: Station
):
    shown = json.loads(station.project.exactcast("show", story["newest"]["name"], "--json"))
    outs = {each["path"]: each["md5"] for each in shown["record"]["lock"]["forecast"]["outs"]}
    gone = outs["forecasts/forecast.parquet"]
    path = station.project.root / ".dvc/cache/files/md5" / gone[:2] / gone[2:]
    content = path.read_bytes()
    path.unlink()
    found = station.listed()[story["newest"]["name"]]
    assert found["missing"].startswith("It is not in DVC's cache.")
    assert (found["first"], found["values"]) == (None, 0)
    path.write_bytes(content)


def test_a_newer_table_that_does_not_fit_is_one_sentence(story: dict[str, Any], station: Station):
    table(310).drop(columns="oil").to_csv(station.project.root / TABLE, index=False)
    run = station.forecasts()
    assert run["state"]["type"] == "FAILED"
    assert "oil" in run["state"]["message"]
    assert "Traceback" not in station.server.log(run)
