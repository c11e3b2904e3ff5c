"""What a person sees of the kept forecasts."""

from collections.abc import Sequence

from foundation.number_format import format_number
from pipeline.cli.display.layout import filled, table_rows
from pipeline.runs.forecasts import KeptForecast

INDENT = " " * 4
NONE = "No forecast is kept yet. Each run makes one: exactcast run."


def forecasts_text(kept: Sequence[KeptForecast], width: int | None = None) -> str:
    """Lay out the kept forecasts, a line each; what they are of stands below it."""
    if not kept:
        return NONE
    levels = sorted({level for each in kept for level in each.coverage}, key=float)
    head = ["run", "when (UTC)", "outcomes", "MAE", *(f"in {level}%" for level in levels)]
    rows = [[each.run, _minute(each.when), *_outcome(each, levels)] for each in kept]
    first, *lines = table_rows([head, *rows], left={0, 1}, width=width)
    text = [first]
    for line, each in zip(lines, kept, strict=True):
        text += [line, filled(f"{INDENT}{_about(each)}", width, indent=INDENT)]
    return "\n".join(text)


def _outcome(each: KeptForecast, levels: Sequence[str]) -> list[str]:
    """Write what became of a forecast; nothing where nothing is known."""
    shares = [each.coverage.get(level) for level in levels]
    return [
        f"{each.known} of {each.values}" if each.missing is None else "-",
        format_number(sum(each.mae.values()) / len(each.mae)) if each.mae else "-",
        *("-" if share is None else f"{share:.0%}" for share in shares),
    ]


def _about(each: KeptForecast) -> str:
    """Describe what a forecast is of."""
    if each.missing is not None:
        return each.missing
    with_model = "" if each.model == each.run else f", by the model of {each.model}"
    if each.first is None or each.last is None:
        return f"nothing is forecast{with_model}"
    several = ", mean MAE of all targets" if len(each.mae) > 1 else ""
    return (
        f"{each.series} series, {each.steps} steps, {_minute(each.first)} to {_minute(each.last)}"
        f"{with_model}{several}"
    )


def _minute(when: str) -> str:
    return when[:16].replace("T", " ")
