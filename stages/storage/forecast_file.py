"""Write a forecast as Parquet: `python -m stages.storage.forecast_file FROM.csv TO.parquet`."""

import sys
from pathlib import Path

import pyarrow as pa
from pyarrow import csv

from forecasting.reporting.forecast_table import ID, TIME
from stages.runner import check_seal
from stages.storage.tables import Table

TYPES = {ID: pa.string(), TIME: pa.timestamp("us")}  # numbers otherwise


def main() -> None:
    """Read the table, and write its columns with the types of forecasts/forecast.parquet."""
    check_seal()
    source, target = map(Path, sys.argv[1:])
    with csv.open_csv(source) as file:
        names = file.schema.names
    types = {name: TYPES.get(name, pa.float64()) for name in names}
    options = csv.ConvertOptions(column_types=types, null_values=[""], strings_can_be_null=False)
    table = csv.read_csv(
        source,
        csv.ReadOptions(use_threads=False),
        csv.ParseOptions(newlines_in_values=True),  # a series may be called anything
        options,
    )
    Table(target).save(table.to_pandas(use_threads=False))


if __name__ == "__main__":
    main()
