"""Whichever test computes first, TensorFlow is sealed before it: afterwards it could not be."""

import pytest


@pytest.fixture(scope="session", autouse=True)
def sealed_tensorflow() -> None:
    from forecasting.training.determinism import seal_tensorflow

    seal_tensorflow(42)
