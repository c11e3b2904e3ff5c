import base64
import json

from pipeline.graph import Graph, Stage
from pipeline.lockfile import Comparison
from pipeline.pages import FAILED, graph_page, report_page, score_rows
from pipeline.reproduce import RAN, UP_TO_DATE
from tests.project import ROOT

GRAPH = Graph(
    {
        "make": Stage("make", ("raw.csv",), ("made",), (), desc="Makes it |\n well"),
        "use": Stage("use", ("made",), ("used",), ()),
    }
)
SCORES = {
    "features": ["oil"],
    "skill": {"by_feature": {"oil": 0.5}, "overall": None},
    "scores": {
        name: {
            "raw": {"by_feature": {"oil": {"rmse": rmse}}},
            "standardised": {"overall": {"rmse": rmse / 10}},
        }
        for name, rmse in {"model": 1.0, "repeat_last": 2.0, "ridge": 3.0}.items()
    },
    "verdict": "It wins.",
    "leak": {"sentence": "No leak."},
}


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


def test_scores_stand_beside_the_baselines_and_the_run_before():
    before = json.loads(json.dumps(SCORES).replace("1.0", "1.5"))
    assert score_rows(SCORES, before) == [
        {"feature": "oil", "model": "1", "run before": "1.5", "repeat last": "2", "ridge": "3",
         "skill": "0.5"},
        {"feature": "all, standardised", "model": "0.1", "run before": "0.1", "repeat last": "0.2",
         "ridge": "0.3", "skill": "undefined"},
    ]  # fmt: skip


def test_a_first_run_and_one_with_another_feature_have_nothing_before():
    assert score_rows(SCORES, None)[0]["run before"] == "-"
    assert score_rows(SCORES, SCORES | {"features": ["gas"]})[0]["run before"] == "-"


def test_the_report_has_its_sentences_and_its_plots_inside(tmp_path):
    plots = tmp_path / "reports/plots"
    plots.mkdir(parents=True)
    content = (ROOT / "docs/forecast.png").read_bytes()
    (plots / "forecast.png").write_bytes(content)
    page = report_page(
        tmp_path, SCORES, Comparison([], [], 11), {"make": RAN, "use": UP_TO_DATE}, recorded=True
    )
    assert page.startswith("It wins.\n\nNo leak.\n\nidentical: all 11 outputs equal the committed")
    assert f"![forecast](data:image/png;base64,{base64.b64encode(content).decode()})" in page
