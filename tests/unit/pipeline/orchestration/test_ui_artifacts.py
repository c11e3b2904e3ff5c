import base64

from foundation.metrics_schema import Scores
from pipeline.orchestration.ui_artifacts import (
    FAILED,
    FORECAST_ROWS,
    forecast_rows,
    graph_page,
    report_page,
)
from pipeline.runs.stage import RAN, UP_TO_DATE
from pipeline.versioning.graph import Graph, Stage
from pipeline.versioning.lockfile import Comparison
from tests.support.project import ROOT
from tests.support.scores import scores_content

GRAPH = Graph(
    {
        "make": Stage("make", ("raw.csv",), ("made",), (), desc="Makes it |\n well"),
        "use": Stage("use", ("made",), ("used",), ()),
    }
)
SCORES = Scores.model_validate(scores_content())


def test_the_graph_is_a_table_and_a_drawing_with_how_each_stage_ended():
    page = graph_page(GRAPH, {"make": UP_TO_DATE, "use": FAILED})
    table, drawn = page.split("\n\n")
    assert table.splitlines() == [
        "| stage | state | reads from | what it does |",
        "|---|---|---|---|",
        "| **make** | up to date | - | Makes it \\| well |",
        "| **use** | failed | make |  |",
    ]
    assert drawn.startswith("```mermaid\nflowchart TD\n")
    assert '    make["<b>make</b><br/><i>up to date</i>"]' in drawn
    assert "    make --> use" in drawn
    assert "    style use fill:#c62828,color:#fff" in drawn
    assert drawn.endswith("\n```")


def test_the_graph_of_a_run_that_begins_names_every_stage_without_a_state():
    page = graph_page(GRAPH, {})
    assert "<i>" not in page
    assert "| **use** | - | make |  |" in page
    assert '    use["<b>use</b>"]' in page


def test_the_report_has_its_sentences_and_its_plots_inside(tmp_path):
    plots = tmp_path / "reports/plots"
    plots.mkdir(parents=True)
    content = (ROOT / "docs/forecast.png").read_bytes()
    (plots / "forecast.png").write_bytes(content)
    page = report_page(
        tmp_path, SCORES, Comparison([], [], 11), {"make": RAN, "use": RAN}, recorded=True
    )
    assert page.startswith(
        "It wins.\n\nLeak: 25%.\n\nidentical: all 11 outputs equal the committed"
    )
    assert f"![forecast](data:image/png;base64,{base64.b64encode(content).decode()})" in page


def test_the_report_begins_with_the_plot_of_the_newest_forecast(tmp_path):
    for name in ("reports/plots/forecast.png", "forecasts/forecast.png"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(name.encode())

    page = report_page(tmp_path, SCORES, Comparison([], [], 11), {}, recorded=True)

    newest, tested = (page.index(f"![{name}](") for name in ("newest forecast", "forecast"))
    assert newest < tested


def test_the_forecast_is_a_table_of_its_first_rows(tmp_path):
    path = tmp_path / "forecasts/forecast.csv"
    path.parent.mkdir()
    header = "unique_id,ds,exactcast,exactcast-lo-80,exactcast-hi-80"
    first = ["2024-01-01 00:00:00,9.644941996450,,", "2024-01-01 01:00:00,10.5,9.0,12.25"]
    lines = [f"load,{line}" for line in first] + ["oil,2024-01-01 00:00:00,1,0,2"] * 300
    path.write_text("\n".join([header, *lines]))
    (tmp_path / "models").mkdir()
    (tmp_path / "models/inputs.json").write_text('{"time_zone": "Europe/Berlin"}')

    rows = forecast_rows(tmp_path)

    assert len(rows) == FORECAST_ROWS
    assert rows[:2] == [
        {"series": "load", "time": "2024-01-01 01:00", "forecast": "9.64", "80 %": ""},
        {
            "series": "load",
            "time": "2024-01-01 02:00",
            "forecast": "10.50",
            "80 %": "9.00 to 12.25",
        },
    ]


def test_a_project_without_a_forecast_shows_none(tmp_path):
    assert forecast_rows(tmp_path) == []
