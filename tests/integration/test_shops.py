"""The simulated shops: covariates help by what they are known to be worth."""

from pathlib import Path

import pytest

from stages.storage.checkpoints import NO_CHECKPOINTS
from tests.support.chain import run_config

NOISE, PRICE = (
    6.0,
    8.0,
)  # simulate.shops.noise; the effect of a price, whose standard deviation is 1


@pytest.fixture(autouse=True)
def _without_checkpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NO_CHECKPOINTS, "1")


def rmse(folder: Path, *overrides: str) -> float:
    scores = run_config(folder, "shops.yaml", "train.epochs=8", *overrides)
    error: float = scores["scores"]["model"]["raw"]["overall"]["rmse"]
    return error


def test_a_model_that_knows_prices_ahead_comes_near_the_noise_floor(tmp_path: Path):
    assert rmse(tmp_path) == pytest.approx(NOISE, rel=0.03)


def test_without_the_price_it_is_worse_by_the_effect_of_the_price(tmp_path: Path):
    unknown = rmse(tmp_path, "ingest.future_covariates=[promotion, hours]")

    assert unknown == pytest.approx((NOISE**2 + PRICE**2) ** 0.5, rel=0.05)


def test_a_price_known_only_up_to_the_forecast_is_worth_nothing(tmp_path: Path):
    """As prices have no memory; what is read of them only costs a little."""
    past = rmse(
        tmp_path, "ingest.future_covariates=[promotion, hours]", "ingest.past_covariates=[price]",
        "forecast.horizon=7",
    )  # fmt: skip

    assert past > 0.98 * (NOISE**2 + PRICE**2) ** 0.5
