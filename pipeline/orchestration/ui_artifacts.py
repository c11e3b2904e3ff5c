"""What the Prefect UI shows of a run, as Markdown and tables: the graph, the report, a verification."""

import base64
import csv
import json
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

from foundation.metrics_schema import Scores
from foundation.paths import FORECAST_CSV, FORECAST_PLOT, INPUTS, NEWEST_PLOT
from pipeline.runs.comparison_text import comparison_text
from pipeline.runs.forecast_table import ForecastTable
from pipeline.runs.forecast_text import forecast_cells, headings
from pipeline.runs.stage import RAN, RESTORED, UP_TO_DATE
from pipeline.verification.verify import Verdict
from pipeline.versioning.graph import Graph
from pipeline.versioning.lockfile import Comparison

FAILED = "failed"
FORECAST_ROWS = 200  # shown of the forecast
COLOURS = {RAN: "#2e7d32", UP_TO_DATE: "#78909c", RESTORED: "#1565c0", FAILED: "#c62828"}


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


def report_page(
    root: Path, scores: Scores, comparison: Comparison, states: Mapping[str, str], *, recorded: bool
) -> str:
    """Write the report of a run as Markdown, its plots inline."""
    plots = [root / NEWEST_PLOT, *sorted((root / FORECAST_PLOT).parent.glob("*.png"))]
    images = [
        f"![{'newest forecast' if plot == root / NEWEST_PLOT else plot.stem}](data:image/png;base64,{base64.b64encode(plot.read_bytes()).decode()})"
        for plot in plots
        if plot.exists()
    ]
    sentences = [*scores.sentences, comparison_text(comparison, states, recorded=recorded)]
    return "\n\n".join([*sentences, *images])


def forecast_rows(root: Path) -> list[dict[str, str]]:
    """Read the first rows of the forecast, as a person reads them; none where no stage makes it."""
    path = root / FORECAST_CSV
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = islice(csv.reader(file), 1 + FORECAST_ROWS)
    table = ForecastTable(header, rows)
    zone = json.loads((root / INPUTS).read_text(encoding="utf-8"))["time_zone"]
    names = headings(table.levels)
    return [
        {"series": series} | dict(zip(names, row, strict=True))
        for series, cells in forecast_cells(table, zone)
        for row in cells
    ]


def verification_rows(verdict: Verdict) -> list[dict[str, str]]:
    """List every output of a verification with its recorded and its reproduced hash, and what is false."""
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
