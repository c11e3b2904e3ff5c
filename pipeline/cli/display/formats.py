"""The formats that a forecast is written in."""

from enum import StrEnum


class Format(StrEnum):
    """How a forecast is written."""

    text = "text"
    csv = "csv"
    parquet = "parquet"
    json = "json"
