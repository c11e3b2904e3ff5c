"""How a number is written for a person: on the terminal, in Prefect and in the report."""

import math
from collections.abc import Callable, Iterable

DIGITS = 4


def format_number(value: float | None) -> str:
    """Write a number with four digits, below a million without an exponent; None and NaN are undefined.

    0.0123456 is `0.01235`, 12345.6 is `12346`, 1234567.0 is `1.235e+06`.
    """
    if value is None or value != value:
        return "undefined"
    return f"{value:.0f}" if 1e3 <= abs(value) < 1e6 else f"{value:.4g}"


def number_format(values: Iterable[float]) -> Callable[[float], str]:
    """Return what writes numbers of one column with the same decimals: four digits for the largest of them.

    Next to 41.86 stands 33.00. Where the largest would need an exponent, each is written for itself.
    """
    largest = max(map(abs, values), default=0.0)
    if not 1e-4 <= largest < 1e6:
        return format_number
    decimals = max(0, DIGITS - 1 - math.floor(math.log10(largest)))
    return lambda value: f"{value:z.{decimals}f}"  # z: no -0
