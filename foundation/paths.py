"""Every artifact's path, once, and which packages are the project's own code."""

from pathlib import Path

CODE_PACKAGES = ("forecasting", "foundation", "pipeline", "stages")

RAW_TABLES = (".csv", ".parquet", ".xlsx")  # how the name of a raw table ends

PARAMS = Path("params.yaml")
NEWEST_TABLES = Path("data/newest")  # tables with rows that are younger than a model
DEMO = Path("data/raw/demo.csv")
SERIES = Path("data/series.parquet")
WINDOWS = Path("data/windows.parquet")
SPLIT = Path("data/split.parquet")
MODEL = Path("models/model.keras")
INPUTS = Path("models/inputs.json")
TRAINING = Path("reports/training.csv")
METRICS = Path("reports/metrics.json")
SCORES = Path("reports/scores.json")
PREDICTIONS = Path("data/predictions.parquet")
INTERVALS = Path("models/intervals.parquet")
FINAL_MODEL = Path("models/final.keras")
NEWEST = Path("data/newest.parquet")
FORECAST = Path("forecasts/forecast.parquet")
FORECAST_CSV = Path("forecasts/forecast.csv")
NEWEST_PLOT = Path("forecasts/forecast.png")
SCORES_BY_SERIES = Path("reports/scores_by_series.parquet")
LOSS_PLOT = Path("reports/plots/loss.png")
FORECAST_PLOT = Path("reports/plots/forecast.png")
REPORT = Path("reports/report.html")
