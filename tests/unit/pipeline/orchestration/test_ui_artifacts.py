import base64

from foundation.metrics_schema import Scores
from pipeline.orchestration.ui_artifacts import FAILED, graph_page, report_page
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
