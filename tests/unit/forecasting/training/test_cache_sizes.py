import os
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from forecasting.training import cache_sizes
from forecasting.training.cache_sizes import address_in, fix_cache_sizes
from forecasting.training.determinism import seal_tensorflow
from foundation.errors import SetupError
from foundation.processor import is_x86

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or not is_x86(), reason="Eigen's caches are fixed on x86-64 Linux"
)

KIB = 1024
OTHERS = [(48 * KIB, 2048 * KIB, 30 * KIB**2), (64 * KIB, 512 * KIB, 16 * KIB**2)]
BATCH, UNITS, GATES = 128, 50, 200  # an LSTM(50) on a batch of 128


@pytest.fixture(autouse=True)
def sealed():
    seal_tensorflow(42)
    yield
    fix_cache_sizes()


@tf.function(jit_compile=True)
def multiply(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    return tf.matmul(a, b)


def product(rows: int = BATCH, inner: int = UNITS, columns: int = GATES) -> bytes:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(rows, inner)), rng.normal(size=(inner, columns))
    result: bytes = (
        multiply(tf.constant(a, tf.float32), tf.constant(b, tf.float32)).numpy().tobytes()
    )
    return result


def test_the_seal_fixes_the_cache_sizes():
    assert tuple(cache_sizes.cache_sizes()) == (32768, 524288, 16777216)


@pytest.mark.parametrize("other", OTHERS)
def test_a_product_depends_on_the_caches_unless_their_sizes_are_fixed(other):
    expected = product()

    cache_sizes.cache_sizes()[:] = list(other)
    with_other_caches = product()
    fix_cache_sizes()

    assert with_other_caches != expected
    assert product() == expected


def test_products_outside_compiled_functions_use_the_fixed_sizes_too():
    a, b = np.random.default_rng(0).normal(size=(2, 720, 720)).astype(np.float32)
    expected = tf.matmul(a, b).numpy().tobytes()

    cache_sizes.cache_sizes()[:] = list(OTHERS[1])
    with_other_caches = tf.matmul(a, b).numpy().tobytes()
    fix_cache_sizes()

    assert with_other_caches != expected
    assert tf.matmul(a, b).numpy().tobytes() == expected


def test_a_library_without_the_variable_is_refused_by_name():
    with pytest.raises(SetupError, match=r"the variable is missing\. Install the packages"):
        address_in(Path(os.path.realpath(sys.executable)))


def test_a_variable_that_holds_no_cache_sizes_is_not_overwritten(monkeypatch):
    elsewhere = (type(cache_sizes.cache_sizes()))(524288, 32768, 0)  # L1 larger than L2
    monkeypatch.setattr(cache_sizes, "cache_sizes", lambda: elsewhere)

    with pytest.raises(SetupError, match=r"the variable holds \[524288, 32768, 0\]"):
        fix_cache_sizes()

    assert list(elsewhere) == [524288, 32768, 0]
