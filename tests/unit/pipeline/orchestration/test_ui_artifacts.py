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
    lines = ["load,2024-01-01 00:00:00,9.644941996450,", *["oil,2024-01-02,1,2"] * 300]
    path.write_text("\n".join(["unique_id,ds,exactcast,exactcast-lo-80", *lines]))

    rows = forecast_rows(tmp_path)

    assert len(rows) == FORECAST_ROWS
    assert rows[0] == {
        "unique_id": "load",
        "ds": "2024-01-01 00:00:00",
        "exactcast": "9.645",
        "exactcast-lo-80": "",
    }


def test_a_project_without_a_forecast_shows_none(tmp_path):
    assert forecast_rows(tmp_path) == []
