"""What an inspection of a table found, as a person reads it."""

from dataclasses import asdict
from typing import Any

import typer

from foundation.paths import PARAMS
from pipeline.cli.display.layout import filled, screen_width
from pipeline.cli.display.show import print_json
from pipeline.runs.inspection import ADVICE, Inspection, as_overrides
from pipeline.runs.overrides import yaml_text

MB = 1_000_000


def print_inspection(inspection: Inspection, *, as_json: bool) -> None:
    """Print an inspection as text or JSON."""
    if as_json:
        print_json(asdict(inspection))
    else:
        typer.echo(inspection_text(inspection, screen_width()))


def inspection_text(inspection: Inspection, width: int | None = None) -> str:
    """Lay out what was found, what is asked, and the lines for params.yaml."""
    column = max((len(finding["about"]) for finding in inspection.findings), default=0)
    lines = [
        filled(
            f"{finding['about'].ljust(column)}  {_said(finding)}", width, indent=" " * (column + 2)
        )
        for finding in inspection.findings
    ]
    parts = [filled(_heading(inspection), width), "\n".join(lines)]
    if inspection.error is not None:
        parts.append(filled(f"It cannot be read so: {inspection.error}", width))
    if inspection.series is not None:
        parts.append(filled(f"Read so, it gives {inspection.series}.", width))
        parts.append(_lines(inspection))
    if inspection.questions:
        parts.append(_questions(inspection))
    if inspection.place is None:
        parts.append(filled(f"note: ingest.raw cannot name this file. {ADVICE}", width))
    return "\n\n".join(parts)


def _heading(inspection: Inspection) -> str:
    seen = ""
    if inspection.looked_at < inspection.size and inspection.kind == "text":
        seen = f"; its dialect is judged by {inspection.looked_at / MB:.1f} MB from all over it"
    return f"{inspection.table}: {inspection.kind}, {_size(inspection.size)}{seen}"


def _size(n_bytes: int) -> str:
    return f"{n_bytes / MB:,.1f} MB" if n_bytes >= MB else f"{n_bytes / 1000:.1f} kB"


def _said(finding: dict[str, Any]) -> str:
    sure = {"open": "which is right? "}.get(finding["sure"], finding["sure"])
    why = ": ".join(filter(None, [sure.strip(), finding["reason"]]))
    return f"{finding['found']} ({why})" if why else str(finding["found"])


def _lines(inspection: Inspection) -> str:
    if not inspection.changes:
        return f"{PARAMS} has all of it already."
    lines = [f"  {name}: {yaml_text(value)}" for name, value in inspection.changes.items()]
    return "\n".join([f"Lines to change in {PARAMS} (--write writes them):", "", "ingest:", *lines])


def _questions(inspection: Inspection) -> str:
    lines = ["More than one reading fits. Say which, and inspect again, such as with:", ""]
    for question in inspection.questions:
        for choice in question["choices"]:
            lines.append("  " + " ".join(f"-S '{each}'" for each in as_overrides(choice)))
    return "\n".join(lines)
