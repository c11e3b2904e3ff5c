"""How a number is written for a person: on the terminal, in Prefect and in the report."""


def format_number(value: float | None) -> str:
    """Write a number with four digits, below a million without an exponent; None and NaN are undefined.

    0.0123456 is `0.01235`, 12345.6 is `12346`, 1234567.0 is `1.235e+06`.
    """
    if value is None or value != value:
        return "undefined"
    return f"{value:.0f}" if 1e3 <= abs(value) < 1e6 else f"{value:.4g}"
