"""What a score means, in words, and the report: one self-contained page."""

import base64
from collections.abc import Mapping
from typing import Any

import jinja2

from forecasting.metrics import MODEL


def verdict(board: Mapping[str, Any]) -> str:
    """Say whether the model is worth anything, in one sentence.

    Args:
        board: What `metrics.score_board` returned.
    """
    skill = board["skill"]["overall"]
    best = board["best_baseline"]["overall"]
    lost = [f"{name} ({board['best_baseline']['by_target'][name]})"
            for name, value in board["skill"]["by_target"].items() if not value > 0]  # fmt: skip
    if skill > 0:
        head = f"The model removes {skill:.1%} of the squared error of the best baseline, {best}"
    elif skill == 0:
        head = f"The model is as good as the best baseline, {best}"
    elif skill < 0:
        head = f"The model loses to the baseline {best}: its squared error is {1 - skill:.2f} times as large"
    else:
        head = f"The model cannot beat the baseline {best}, which makes no error at all"
    return (
        f"{head}; it loses on {', '.join(lost)}." if lost else f"{head}, and wins on every target."
    )


def leak_sentence(share: float) -> str:
    """Say how far the test part was seen in training, in one sentence.

    Args:
        share: What `partition.leaked_share` returned.
    """
    if share == 0:
        return "No tested row lies in a training window: this is a forecast's score."
    return (
        f"Leak: {share:.1%} of the tested rows also lie in training windows, because windows overlap "
        "and the split is random. This is the score of filling in, not of forecasting the future."
    )


def render_report(
    *,
    scores: Mapping[str, Any],
    params: Mapping[str, Any],
    plots: Mapping[str, bytes],
) -> bytes:
    """Render the page: verdict, scores beside baselines, plots, parameters.

    Args:
        scores: The content of scores.json.
        params: The parameters of the run, section by section.
        plots: PNG bytes by caption.
    """
    images = {caption: base64.b64encode(png).decode() for caption, png in plots.items()}
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["number"] = _number
    page = environment.from_string(PAGE).render(
        metrics=scores, rows=_flat(params), images=images, model=MODEL
    )
    return page.encode()


def _number(value: float | None) -> str:
    return "undefined" if value is None or value != value else f"{value:.4g}"


def _flat(value: Any, prefix: str = "") -> list[tuple[str, str]]:
    """List nested parameters as dotted names and texts."""
    if isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        value = dict(enumerate(value))
    if not isinstance(value, Mapping):
        return [(prefix, "null" if value is None else str(value))]
    return [
        row for name, item in value.items() for row in _flat(item, f"{prefix}.{name}".lstrip("."))
    ]


PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Forecast report</title>
<style>
:root { --ink: #26303a; --soft: #6b7783; --line: #dfe5ea; --win: #1d7a4c; --lose: #b3261e; }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin-bottom: .3rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
p.lead { font-size: 1.1rem; } p.leak { border-left: 4px solid var(--lose); padding-left: .8rem; }
p.clean { border-left: 4px solid var(--win); padding-left: .8rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .8rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
thead th { color: var(--soft); font-weight: 600; } td.model { font-weight: 600; }
td.win { color: var(--win); } td.lose { color: var(--lose); }
img { max-width: 100%; } small, figcaption { color: var(--soft); } figure { margin: 1rem 0; }
</style>
</head>
<body>
<h1>Forecast report</h1>
<p class="lead">{{ metrics.verdict }}</p>
<p class="{{ 'clean' if metrics.leak.share == 0 else 'leak' }}">{{ metrics.leak.sentence }}</p>
<p><small>Windows: {% for part, n in metrics.windows.items() %}{{ n }} {{ part }}{{ ", " if not loop.last else "" }}{% endfor %}.
All test windows and all steps count.</small></p>

{% macro scoretable(unit, error) %}
<div class="scroll"><table>
<thead><tr><th>feature</th>{% for name in metrics.scores %}<th>{{ name | replace('_', ' ') }}</th>{% endfor %}
<th>skill</th></tr></thead>
<tbody>
{% for feature, skill in metrics.skill.by_target.items() %}
<tr><td>{{ feature }}</td>
{% for name, board in metrics.scores.items() %}
<td{% if name == model %} class="model"{% endif %}>{{ board[unit].by_target[feature][error] | number }}</td>
{% endfor %}
<td class="{{ 'win' if skill is not none and skill > 0 else 'lose' }}">{{ skill | number }}</td></tr>
{% endfor %}
{% if unit == 'standardised' %}
<tr><td>overall</td>
{% for name, board in metrics.scores.items() %}
<td{% if name == model %} class="model"{% endif %}>{{ board[unit].overall[error] | number }}</td>
{% endfor %}
<td class="{{ 'win' if metrics.skill.overall is not none and metrics.skill.overall > 0 else 'lose' }}">{{ metrics.skill.overall | number }}</td></tr>
{% endif %}
</tbody></table></div>
{% endmacro %}
<h2>Root mean squared error, in units of the series</h2>
{{ scoretable('raw', 'rmse') }}
<h2>Mean squared error, standardised</h2>
{{ scoretable('standardised', 'mse') }}
<h2>Mean absolute error, standardised</h2>
{{ scoretable('standardised', 'mae') }}
<p><small>Skill: share of the best baseline's squared error that the model removes; below 0 it loses.
Standardised: divided by the standard deviation of the training rows.</small></p>

{% for caption, png in images.items() %}
<figure><h2>{{ caption }}</h2><img alt="{{ caption }}" src="data:image/png;base64,{{ png }}"></figure>
{% endfor %}

<h2>Parameters</h2>
<div class="scroll"><table>
{% for name, value in rows %}
<tr><td>{{ name }}</td><td>{{ value }}</td></tr>
{% endfor %}
</table></div>
</body>
</html>
"""
