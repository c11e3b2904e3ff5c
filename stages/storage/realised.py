"""What became of forecasts, as JSON: `python -m stages.storage.realised REQUEST`.

REQUEST is a JSON file with `forecasts`, paths of long tables by name, and `tables`, where what happened
since is looked up: the first that knows a value tells it. A table is series, or, where it has `params`, the
content of params.yaml with which it is read, a raw table. Nothing is written.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from forecasting.data.assembly import panel_of
from forecasting.data.panel import Panel
from forecasting.data.regularity import regular_panel
from forecasting.evaluation.realised import known_values, realised
from forecasting.reporting.forecast_table import ID, NAME, TIME, bound_names, series_ids
from foundation.errors import PipelineError
from foundation.params import check_params
from stages.runner import check_code, check_seal
from stages.storage.columns import covariates_of
from stages.storage.raw_tables import read_table
from stages.storage.tables import SeriesTable, Table

LOWER = f"{NAME}-lo-"


def became(forecasts: Mapping[str, str], panels: Sequence[Panel]) -> dict[str, Any]:
    """Describe each forecast, and how good it was as far as it is known.

    Args:
        forecasts: The path of each, by a name.
        panels: Where to look up what happened; the first that knows it counts.

    Returns:
        By name: `first`, `last`, `series`, `steps`, `values`, and `known`, `mae` and `coverage` as in
        `Realised`.
    """
    return {name: _described(Table(Path(path)).load(), panels) for name, path in forecasts.items()}


def read_tables(tables: Sequence[Mapping[str, Any]]) -> tuple[list[Panel], list[str]]:
    """Read tables with `path` and `params`; return their series, and why others cannot be read."""
    panels, unread = [], []
    for table in tables:
        try:
            panels.append(_panel(Path(table["path"]), table["params"]))
        except PipelineError as wrong:
            unread.append(str(wrong))
    return panels, unread


def _panel(path: Path, content: Mapping[str, Any] | None) -> Panel:
    if content is None:
        return SeriesTable(path).load_panel()
    params = check_params(content, source=f"params.yaml of the forecast from {path.name}")
    ingest = params.ingest.model_copy(update={"raw": str(path)})
    return regular_panel(
        panel_of(read_table(ingest), covariates_of(ingest)),
        frequency=ingest.frequency,
        gaps=ingest.gaps,
        max_gap=ingest.max_gap,
    )


def _described(forecast: pd.DataFrame, panels: Sequence[Panel]) -> dict[str, Any]:
    first, last = (_written(time) for time in (forecast[TIME].min(), forecast[TIME].max()))
    sizes = {
        "series": forecast[ID].nunique(),
        "steps": int(forecast[ID].value_counts().max()) if len(forecast) else 0,
        "values": len(forecast),
    }
    levels = [
        float(name.removeprefix(LOWER)) for name in forecast.columns if name.startswith(LOWER)
    ]
    bounds = {
        level: forecast[bound_names(NAME, [level])].to_numpy(dtype=np.float64).T for level in levels
    }
    found = realised(_outcomes(forecast, panels), forecast[NAME].to_numpy(), bounds)
    coverage = {f"{level:g}": share for level, share in found.coverage.items()}
    return {"first": first, "last": last, **sizes, **asdict(found), "coverage": coverage}


def _written(time: Any) -> str | None:
    return None if pd.isna(time) else pd.Timestamp(time).isoformat(sep=" ", timespec="seconds")


def _outcomes(forecast: pd.DataFrame, panels: Sequence[Panel]) -> pd.DataFrame:
    wanted = pd.DataFrame({"id": forecast[ID], "time": forecast[TIME]})
    outcomes = pd.DataFrame({"actual": np.nan, "target": None}, index=forecast.index, dtype=object)
    for panel in panels:
        ids = series_ids(panel.names, panel.targets, has_id=panel.id is not None)
        found = known_values(panel, ids, wanted)
        outcomes = outcomes.where(outcomes.notna(), found)
    return outcomes.astype({"actual": np.float64})


def main() -> None:
    """Print what became of the forecasts that the request names."""
    check_seal()
    check_code(Path.cwd())
    request = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    panels, unread = read_tables(request["tables"])
    print(json.dumps({"forecasts": became(request["forecasts"], panels), "unread": unread}))


if __name__ == "__main__":
    main()
