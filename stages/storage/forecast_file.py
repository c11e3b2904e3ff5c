"""Write a forecast as Parquet: `python -m stages.storage.forecast_file FROM.csv TO.parquet`."""

import sys
from pathlib import Path

import pandas as pd

from forecasting.reporting.forecast_table import ID, TIME
from stages.runner import check_seal
from stages.storage.tables import Table


def main() -> None:
    """Read the table as text, and write its columns with the types of forecasts/forecast.parquet."""
    check_seal()
    table = pd.read_csv(sys.argv[1], dtype={ID: "str"}, keep_default_na=False, na_values={})
    numbers = [name for name in table if name not in (ID, TIME)]
    table[numbers] = table[numbers].apply(pd.to_numeric).astype("float64")
    table[TIME] = pd.to_datetime(table[TIME], format="ISO8601").dt.as_unit("us")
    Table(Path(sys.argv[2])).save(table)


if __name__ == "__main__":
    main()
