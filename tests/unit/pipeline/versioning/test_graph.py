import pytest

from foundation.errors import SetupError
from pipeline.versioning.graph import load_graph
from tests.support.project import ROOT

DIAMOND = """
stages:
  last: {cmd: x, deps: [left.out, right.out], outs: [last.out], metrics: [m.json: {cache: false}]}
  left: {cmd: x, deps: [first.out], outs: [left.out: {persist: true}]}
  right: {cmd: x, deps: ["${table.path}", first.out], outs: [right.out]}
  first: {cmd: x, outs: [first.out]}
  demo: {cmd: x, outs: [demo.csv]}
"""


def graph(folder, text=DIAMOND, params="table: {path: mine.csv}"):
    (folder / "dvc.yaml").write_text(text)
    (folder / "params.yaml").write_text(params)
    return load_graph(folder)


def test_a_stage_comes_after_those_it_reads_from(tmp_path):
    order = graph(tmp_path).order()
    assert sorted(order) == ["demo", "first", "last", "left", "right"]
    assert order.index("first") < min(order.index("left"), order.index("right"))
    assert order[-1] == "last" or order[-1] == "demo"


def test_a_stage_without_any_connection_is_not_asked_for(tmp_path):
    without = graph(tmp_path)
    assert without.targets() == ["last"]
    assert "demo" not in without.needed()

    with_demo = graph(tmp_path, params="table: {path: demo.csv}")
    assert "demo" in with_demo.needed()


def test_a_path_may_come_from_the_parameters(tmp_path):
    assert graph(tmp_path).stages["right"].deps == ("mine.csv", "first.out")
    with pytest.raises(SetupError, match=r"\$\{table.path\}, which params.yaml does not have"):
        graph(tmp_path, params="table: {}")


def test_outputs_with_options_are_outputs_and_uncached_ones_are_known(tmp_path):
    stages = graph(tmp_path).stages
    assert stages["left"].outs == ("left.out",)
    assert stages["last"].outs == ("last.out", "m.json")
    assert stages["last"].uncached == ("m.json",)


def test_a_change_reaches_everything_that_stands_on_it(tmp_path):
    assert graph(tmp_path).downstream(["left"]) == {"left", "last"}


def test_a_form_of_stage_that_is_not_read_is_refused_by_name(tmp_path):
    many = "stages: {many: {foreach: [1, 2], do: {cmd: x}}}"
    with pytest.raises(SetupError, match=r"'many' of dvc\.yaml uses foreach"):
        graph(tmp_path, many)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it holds no `key: value`"),
        ("stages: {one: }}", "it is not YAML, a mistake in line 1"),
        ("plots: {}", "it declares no stages"),
        ("stages: {one: 3}", "it declares no stages"),
    ],
)
def test_a_torn_graph_is_refused_in_a_sentence(tmp_path, text, why):
    with pytest.raises(SetupError) as refused:
        graph(tmp_path, text)
    assert str(refused.value) == (
        f"dvc.yaml is broken: {why}. Correct it, or restore it: git checkout -- dvc.yaml"
    )


def test_the_own_graph_runs_from_the_raw_table_to_the_report_and_the_forecast():
    own = load_graph(ROOT)
    assert own.targets() == ["evaluate", "forecast"]
    assert own.needed() == [
        "simulate", "ingest", "windowing", "split", "train", "predict", "calibrate", "refit", "evaluate",
        "forecast",
    ]  # fmt: skip
    assert own.stages["evaluate"].uncached == ("reports/metrics.json",)
