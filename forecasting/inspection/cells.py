"""What a cell of text looks like: a number, a time, a missing value, or text."""

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

MISSING, NUMBER, DATE, CLOCK, TEXT = "missing", "number", "date", "clock", "text"

# What people and programs write for a missing value, in small letters
MARKERS = frozenset({
    "", "?", "-", "--", "---", ".", "..", "...", "*", "**", "\\n", "/",
    "n/a", "na", "n.a.", "<na>", "#n/a", "#n/a n/a", "#na", "nan", "-nan", "1.#ind", "-1.#ind",
    "1.#qnan", "-1.#qnan", "null", "none", "nil", "missing", "n/e", "n/d", "nd", "n.d.", "no data",
    "nodata", "bad", "error", "#value!", "#ref!", "#div/0!", "#num!", "unknown", "m", "x",
})  # fmt: skip
NUMBER_SHAPE = re.compile(
    r"[+-]?(\d+|\d{1,3}([ '\u2019\u00a0\u202f_.,]\d{2,3})+|\d*[.,]\d+|\d+[.,])([.,]\d+)?([eE][+-]?\d+)?"
)
HALF_DAY = r"(\s?[AaPp]\.?[Mm]\.?)?"
CLOCK_SHAPE = re.compile(rf"\d{{1,2}}:\d{{2}}(:\d{{2}}([.,]\d+)?)?{HALF_DAY}")
HOURS = rf"\d{{1,2}}[:.h]\d{{2}}([:.]\d{{2}}([.,]\d+)?)?{HALF_DAY}"
ZONE = r"(\s?(Z|UTC|GMT|[+-]\d{2}(:?\d{2})?))?"
DAY = (
    r"(\d{4}([-/.])\d{1,2}(\3\d{1,2})?|\d{1,2}([-/.])\d{1,2}\5(\d{4}|\d{2})|\d{1,2}/\d{4}"
    r"|\d{1,2}[-/. ]?[A-Za-z]{3,9}[-/. ,]*\d{2,4}|[A-Za-z]{3,9}[-/. ]\d{1,2},? \d{4}"
    r"|[A-Za-z]{3,9}[-/. ]\d{4})"
)
DATE_SHAPE = re.compile(rf"({DAY})(([T ]|, )\s?({HOURS}|\d{{1,2}}))?{ZONE}")
DECIMAL = re.compile(r"\d+\.\d+")  # 3.2021 may be a month, and is a number
JUDGED = 200  # cells that tell the kind of a column
BUDGET = 100_000  # cells that are judged in all
UNITS = frozenset("""
    % deg degc degf degrees c f k m s h cm mm km m/s km/h kn knots mph pa hpa kpa bar mbar mb w kw mw gw wh
    kwh mwh gwh v kv mv a ma ohm hz khz mhz g kg t l ml ppm ppb ug/m3 mg/m3 w/m2 j j/m2 mm/h in inch inches
    ft eur usd gbp $ € £ - [-] n/a unit units ts rn avg smp min max tot std deg.c m3 m3/h m3/s kg/m3 m2 yr
    yyyy-mm-dd dd/mm/yyyy mm/dd/yyyy hh:mm hh:mm:ss utc date time count counts no. pct percent °c °f ° μg/m3 µg/m3
""".split())  # fmt: skip # noqa: SIM905  a list would fill a page


@lru_cache(maxsize=1 << 16)
def kind_of(cell: str) -> str:
    """Name the kind of a cell by its shape alone."""
    text = cell.strip()
    if text.lower() in MARKERS:
        return MISSING
    if CLOCK_SHAPE.fullmatch(text):
        return CLOCK
    if DATE_SHAPE.fullmatch(text) and not DECIMAL.fullmatch(text):
        return DATE
    return NUMBER if NUMBER_SHAPE.fullmatch(text) else TEXT


def kinds_of(columns: Sequence[Sequence[str]]) -> list[str]:
    """Name the kind of each column, by the cells at its beginning."""
    n_cells = max(20, min(JUDGED, BUDGET // max(1, len(columns))))
    return [kind_of_column(cells[:n_cells]) for cells in columns]


def kind_of_column(cells: Sequence[str]) -> str:
    """Name the kind that most cells have, those that are missing aside; text if none has."""
    counts = Counter(map(kind_of, cells))
    del counts[MISSING]
    if not counts:
        return MISSING
    kind, n = counts.most_common(1)[0]
    return kind if n > counts.total() / 2 else TEXT


def is_unit(cell: str) -> bool:
    """Return True for a physical unit, in brackets or bare, such as degC, [m/s] or (%)."""
    text = cell.strip().lower().replace("deg ", "deg")
    return text.strip("[]()") in UNITS or (text[:1] + text[-1:] in ("[]", "()") and len(text) > 2)
