"""The types of parameters, with their limits, and the base of every section."""

import re
from datetime import datetime
from pathlib import Path
from string import punctuation
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from foundation.paths import RAW_TABLES

CALENDAR = ("hour", "weekday", "day_of_month", "day_of_year", "month")
HOLIDAYS = re.compile(r"holidays:[A-Z]{2}(-[A-Z0-9]+)?")


def _date(text: str) -> str:
    try:
        date = datetime.fromisoformat(text)
    except ValueError:
        date = None
    if date is None or date.tzinfo is not None:
        raise ValueError("should be a date without a zone, such as 2024-01-01")
    return text


def _inside_project(path: str) -> str:
    parts = Path(path).parts
    if path.startswith(("/", "~")) or ".." in parts or "\\" in path or not path.isprintable():
        raise ValueError(
            "should be a path inside the project, such as data/raw/table.csv, with / between folders"
        )
    if not path.endswith(RAW_TABLES):
        raise ValueError("should name a .csv, .parquet or .xlsx file")
    return path


def _separates(mark: str) -> str:
    if mark not in f"\t {punctuation}" or mark in '"+-':
        raise ValueError("should be a mark such as , or ; or a tab, not a quote or a sign")
    return mark


def _begins_comments(mark: str) -> str:
    if mark.isalnum() or mark in "\"' +-." or not mark.isprintable():
        raise ValueError("should be a mark such as # or %, which no row begins with")
    return mark


def _calendar_entry(entry: str) -> str:
    if entry not in CALENDAR and not HOLIDAYS.fullmatch(entry):
        raise ValueError(
            "should be hour, weekday, day_of_month, day_of_year, month, or holidays with the code of "
            "a country, such as holidays:PT or holidays:US-CA"
        )
    return entry


def _false(value: bool) -> bool:
    if value:
        raise ValueError("true is not supported yet; set it to false")
    return value


Number = Annotated[float, Field(allow_inf_nan=False)]
Share = Annotated[Number, Field(gt=0, lt=1)]
Rate = Annotated[Number, Field(ge=0, lt=1)]
Positive = Annotated[Number, Field(gt=0)]
NotNegative = Annotated[Number, Field(ge=0)]
Count = Annotated[int, Field(gt=0, lt=2**31)]  # positions are 32 bits wide in the training
Lines = Annotated[int, Field(ge=0, lt=2**31)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
RawPath = Annotated[str, AfterValidator(_inside_project)]
Date = Annotated[str, AfterValidator(_date)]
Name = Annotated[str, Field(min_length=1)]
Separator = Annotated[str, Field(min_length=1, max_length=1), AfterValidator(_separates)]
CommentMark = Annotated[str, Field(min_length=1, max_length=1), AfterValidator(_begins_comments)]
CalendarEntry = Annotated[str, AfterValidator(_calendar_entry)]
NotYet = Annotated[bool, AfterValidator(_false)]

Activation = Literal[
    "elu", "exponential", "gelu", "hard_sigmoid", "linear", "mish", "relu", "selu", "sigmoid",
    "silu", "softplus", "softsign", "tanh",
]  # fmt: skip
BiasInitializer = Literal[
    "ones", "random_normal", "random_uniform", "truncated_normal", "zeros",
]  # fmt: skip
Initializer = Literal[
    "glorot_normal", "glorot_uniform", "he_normal", "he_uniform", "lecun_normal", "lecun_uniform",
    "ones", "orthogonal", "random_normal", "random_uniform", "truncated_normal", "zeros",
]  # fmt: skip


class Section(BaseModel):
    """Refuse unknown keys, wrong types and later changes."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
