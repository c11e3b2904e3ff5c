"""What the Prefect UI shows of a run, as Markdown and tables: the graph, the scores, the report."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.experiment import experiments
from pipeline.graph import Graph
from pipeline.lockfile import Comparison
from pipeline.reproduce import RAN, RESTORED, UP_TO_DATE
from pipeline.show import MODEL, comparison_text
from pipeline.verify import Verdict
from pipeline.workspace import file_at

FAILED = "failed"
COLOURS = {RAN: "#2e7d32", UP_TO_DATE: "#78909c", RESTORED: "#1565c0", FAILED: "#c62828"}
METRICS = "reports/metrics.json"


def graph_page(graph: Graph, states: Mapping[str, str]) -> str:
    """List the stages with how each ended so far, and draw them as a Mermaid diagram.

    The table comes first: Prefect's older page shows a diagram as its source.
    """
    rows = ["| stage | state | reads from | what it does |", "|---|---|---|---|"]
    lines = ["```mermaid", "flowchart TD"]
    for name in graph.needed():
        upstream = graph.upstream(name)
        described = " ".join(graph.stages[name].desc.replace("|", "\\|").split())
        cells = [f"**{name}**", states.get(name, "-"), ", ".join(upstream) or "-", described]
        rows.append(f"| {' | '.join(cells)} |")
        state = f"<br/><i>{states[name]}</i>" if name in states else ""
        lines.append(f'    {name}["<b>{name}</b>{state}"]')
        if name in states:
            lines.append(f"    style {name} fill:{COLOURS[states[name]]},color:#fff")
        lines += [f"    {each} --> {name}" for each in upstream]
    return "\n".join([*rows, "", *lines, "```"])


def score_rows(
    metrics: Mapping[str, Any], previous: Mapping[str, Any] | None
) -> list[dict[str, str]]:
    """List the model's RMSE by feature beside its baselines and beside the previous run's model."""
    names = sorted(name for name in metrics["scores"] if name != MODEL)
    rows = []
    for feature in metrics["features"]:
        row = {"feature": feature, MODEL: _rmse(metrics, MODEL, feature)}
        row["run before"] = _rmse(previous, MODEL, feature)
        row |= {name.replace("_", " "): _rmse(metrics, name, feature) for name in names}
        row["skill"] = _text(metrics["skill"]["by_feature"][feature])
        rows.append(row)
    overall = {"feature": "all, standardised", MODEL: _overall(metrics, MODEL)}
    overall["run before"] = _overall(previous, MODEL)
    overall |= {name.replace("_", " "): _overall(metrics, name) for name in names}
    overall["skill"] = _text(metrics["skill"]["overall"])
    return [*rows, overall]


def _rmse(metrics: Mapping[str, Any] | None, name: str, feature: str) -> str:
    if metrics is None or feature not in metrics["features"]:
        return "-"
    return _text(metrics["scores"][name]["raw"]["by_feature"][feature]["rmse"])


def _overall(metrics: Mapping[str, Any] | None, name: str) -> str:
    if metrics is None:
        return "-"
    return _text(metrics["scores"][name]["standardised"]["overall"]["rmse"])


def _text(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.4g}"


def report_page(
    root: Path, metrics: Mapping[str, Any], comparison: Comparison, states: Mapping[str, str],
    *, recorded: bool,
) -> str:  # fmt: skip
    """Write the report of a run as Markdown, its plots inline."""
    plots = sorted((root / "reports/plots").glob("*.png"))
    images = [
        f"![{plot.stem}](data:image/png;base64,{base64.b64encode(plot.read_bytes()).decode()})"
        for plot in plots
    ]
    sentences = [
        metrics["verdict"],
        metrics["leak"]["sentence"],
        comparison_text(comparison, states, recorded=recorded),
    ]
    return "\n\n".join([*sentences, *images])


def proof_rows(verdict: Verdict) -> list[dict[str, str]]:
    """List every output of a proof with its recorded and its reproduced hash, and what is false."""
    rows = [
        {
            "stage": output.stage,
            "output": output.path,
            "recorded": output.recorded,
            "reproduced": output.reproduced or "none",
            "verdict": output.verdict,
            "detail": output.detail,
        }
        for output in verdict.outputs
    ]
    empty = dict.fromkeys(("stage", "output", "recorded", "reproduced"), "")
    return rows + [empty | {"verdict": "not as recorded", "detail": one} for one in verdict.false]


def previous_metrics(root: Path, *, but: str | None) -> dict[str, Any] | None:
    """Find the scores of the run before: the newest other experiment's, or the commit's.

    Args:
        root: The checkout.
        but: Name of the run itself.
    """
    before = [kept.commit for kept in experiments(root) if kept.name != but]
    text = file_at(root, before[-1] if before else "HEAD", METRICS)
    content: dict[str, Any] | None = json.loads(text) if text else None
    return content
