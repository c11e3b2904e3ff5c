"""The report: one self-contained page."""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import jinja2

PAGE = Path(__file__).with_name("report.html.j2")


class Table(Protocol):
    """A table of scores as texts: a name, the model's error, those of the baselines, the skill."""

    @property
    def header(self) -> Sequence[str]:
        """What each column holds."""

    @property
    def rows(self) -> Sequence[Sequence[str]]:
        """The cells of each row."""

    @property
    def wins(self) -> Sequence[bool]:
        """For each row, whether the model beats every baseline."""


def render_report(
    *,
    verdict: str,
    leak: str,
    leaked: bool,
    notes: Sequence[str],
    windows: Mapping[str, int],
    scored: str,
    epoch: str,
    tables: Mapping[str, Table],
    intervals: Sequence[Mapping[str, str]],
    params: Mapping[str, Any],
    plots: Mapping[str, bytes],
) -> bytes:
    """Render the page: verdict, scores next to the baselines, plots, parameters.

    Args:
        verdict: What the model is worth, in a sentence.
        leak: How far training has seen the test part, in a sentence.
        leaked: Whether it has seen any of it.
        notes: What else a reader must know of the scores, each in a sentence.
        windows: How many there are of each kind.
        scored: Which of them the scores are of.
        epoch: Whose weights the model has, in a sentence.
        tables: Tables of scores by heading.
        intervals: How many values the intervals hold: rows of cells by heading, none if not measured.
        params: The parameters of the run, section by section.
        plots: PNG bytes by caption.
    """
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    page = environment.from_string(PAGE.read_text(encoding="utf-8")).render(
        verdict=verdict,
        leak=leak,
        leaked=leaked,
        notes=notes,
        windows=windows,
        scored=scored,
        epoch=epoch,
        tables=tables,
        intervals=intervals,
        images={caption: base64.b64encode(png).decode() for caption, png in plots.items()},
        parameters=_flat(params),
    )
    return page.encode()


def _flat(value: Any, prefix: str = "") -> list[tuple[str, str]]:
    """List nested parameters as dotted names and texts."""
    if isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        value = dict(enumerate(value))
    if not isinstance(value, Mapping):
        return [(prefix, "null" if value is None else str(value))]
    return [
        row for name, item in value.items() for row in _flat(item, f"{prefix}.{name}".lstrip("."))
    ]
