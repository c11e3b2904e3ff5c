import numpy as np
import pandas as pd

from forecasting.data.panel import Panel
from forecasting.data.past import cut_after
from forecasting.data.roles import Covariates

DAYS = pd.DatetimeIndex(
    ["2024-03-01", "2024-03-02", "2024-03-03", "2024-03-03", "2024-03-04"], name="day"
)


def panel(covariates: Covariates, columns: tuple[str, ...]) -> Panel:
    """Two series: three days from the 1st of March, and two from the 3rd."""
    values = np.arange(5.0 * len(columns)).reshape(5, len(columns))
    offsets = np.array([0, 3, 5])
    return Panel(values, DAYS, offsets, ("a", "b"), columns, id="shop", covariates=covariates)


def test_later_rows_and_series_that_had_not_begun_are_forgotten():
    found = cut_after(panel(Covariates(), ("sales",)), pd.Timestamp("2024-03-02"))
    assert found.names == ("a",)
    assert found.values.tolist() == [[0.0], [1.0]]
    assert found.offsets.tolist() == [0, 2]
    assert found.times.tolist() == DAYS[:2].tolist()


def test_a_series_keeps_the_rows_up_to_the_time_itself():
    found = cut_after(panel(Covariates(), ("sales",)), pd.Timestamp("2024-03-03"))
    assert found.names == ("a", "b")
    assert found.values[:, 0].tolist() == [0.0, 1.0, 2.0, 3.0]
    assert found.offsets.tolist() == [0, 3, 4]


def test_what_was_known_ahead_is_kept_and_nothing_else():
    covariates = Covariates(past=("visitors",), future=("price",))
    given = panel(covariates, ("sales", "visitors", "price"))
    found = cut_after(given, pd.Timestamp("2024-03-02"))
    assert found.names == ("a",)
    np.testing.assert_array_equal(found.values[2], [np.nan, np.nan, 8.0])
    assert found.stops.tolist() == [2]
    assert given.values[2].tolist() == [6.0, 7.0, 8.0]  # as it was
