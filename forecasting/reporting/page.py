"""The report's page, as a Jinja template: one file for a screen, light or dark, a phone and paper."""

PAGE = """{% set room = 13 + 6.5 * (scores.scores | length + 1) %}{# rem that a table of scores needs #}
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Forecast report</title>
<style>
:root { --paper: #ffffff; --ink: #26303a; --soft: #5b6873; --line: #dfe5ea; --win: #1d7a4c; --lose: #b3261e; }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: {{ [room, 60] | max }}rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; margin-bottom: .3rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
p.lead { font-size: 1.1rem; } p.leak { border-left: 4px solid var(--lose); padding-left: .8rem; }
p.clean { border-left: 4px solid var(--win); padding-left: .8rem; }
p.note { border-left: 4px solid var(--line); padding-left: .8rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .6rem; text-align: right; vertical-align: baseline; border-bottom: 1px solid var(--line); font-weight: 400; }
th:first-child, .parameters td { text-align: left; } .scores td { white-space: nowrap; }
.scores th:first-child { min-width: 11rem; }
.parameters { table-layout: fixed; width: 100%; max-width: 48rem; }
thead th { overflow-wrap: normal; color: var(--soft); font-weight: 600; vertical-align: bottom; } td.model { font-weight: 600; }
td.win { color: var(--win); } td.lose { color: var(--lose); }
figure { margin: 1rem 0; } img { max-width: 100%; background: #ffffff; } small { color: var(--soft); }
@media screen and (prefers-color-scheme: dark) {
:root { color-scheme: dark; --paper: #14181c; --ink: #e2e7eb; --soft: #a4b0bb; --line: #39424b; --win: #6fd3a0; --lose: #ff8f85; }
img { box-sizing: border-box; padding: .6rem; border-radius: .5rem; }
}
@media screen and (max-width: {{ room }}rem) { /* each row becomes a block of labelled numbers */
.scores, .scores tbody { display: block; } .scores thead { display: none; }
.scores tr { display: grid; grid-template-columns: repeat(auto-fill, minmax(10rem, 1fr)); column-gap: 1rem; padding: .5rem 0; border-bottom: 1px solid var(--line); }
.scores th, .scores td { border: 0; padding: .1rem 0; } .scores th { grid-column: 1 / -1; font-weight: 600; }
.scores td { display: flex; justify-content: space-between; column-gap: .5rem; }
.scores td::before { content: attr(data-label); color: var(--soft); font-size: .9em; font-weight: 400; white-space: normal; text-align: left; }
}
@media print {
.scores th:first-child { min-width: 7rem; }
@page { margin: 15mm; }
:root { --ink: #000000; --soft: #444444; --line: #bbbbbb; --win: #0d5c36; --lose: #98130c; }
body { font-size: 10pt; max-width: none; margin: 0; padding: 0; }
h2 { break-after: avoid; } tr, figure, p { break-inside: avoid; } tr:nth-child(-n+2) { break-after: avoid; }
.scores { font-size: 8pt; } th, td { padding: .15rem .25rem; } img { max-height: 220mm; }
}
</style>
</head>
<body>
<h1>Forecast report</h1>
<p class="lead">{{ scores.verdict }}</p>
<p class="{{ 'clean' if scores.leak.share == 0 else 'leak' }}">{{ scores.leak.sentence }}</p>
{% for sentence in (scores.gaps.sentence, scores.season.sentence) if sentence %}
<p class="note">{{ sentence }}</p>
{% endfor %}
<p><small>Windows: {% for part, n in scores.windows.items() if n %}{{ n }} {{ part | replace('_', ' ') }}{{ ", " if not loop.last else "" }}{% endfor %}.
All test windows and all steps count. {{ scores.epoch.sentence or '' }}</small></p>

{% for heading, error, rows in tables %}
<h2>{{ heading }}</h2>
<table class="scores">
<thead><tr><th>target</th>{% for name in scores.scores %}<th>{{ name | replace('_', ' ') }}</th>{% endfor %}<th>skill in {{ error | upper }}</th></tr></thead>
<tbody>
{% for row in rows %}
<tr><th scope="row">{{ row.target }}</th>
{% for name, value in row.errors.items() %}
<td{% if name == model %} class="model"{% endif %} data-label="{{ name | replace('_', ' ') }}">{{ value | number }}</td>
{% endfor %}
<td class="{{ 'win' if row.skill > 0 else 'lose' }}" data-label="skill in {{ error | upper }}">{{ row.skill | number(3) }}</td></tr>
{% endfor %}
</tbody></table>
{% endfor %}
<p><small>Skill: the share of the best baseline's error that the model removes, in the error of the table;
below 0 the model is worse. Standardised: divided by the standard deviation of the training rows.</small></p>

{% for caption, png in images.items() %}
<figure><h2>{{ caption }}</h2><img alt="{{ caption }}" src="data:image/png;base64,{{ png }}"></figure>
{% endfor %}

<h2>Parameters</h2>
<table class="parameters">
{% for name, value in parameters %}
<tr><th scope="row">{{ name }}</th><td>{{ value }}</td></tr>
{% endfor %}
</table>
</body>
</html>
"""
