"""The same cache sizes for TensorFlow's matrix products, whatever the processor has.

TensorFlow, XLA included, multiplies float32 matrices with Eigen, which cuts them into blocks that
fit the processor's caches. At the edges of a block the sums are taken in another order, so caches
of another size give other bytes. Eigen asks the processor once and keeps the answer in a variable.
TensorFlow exports no function that sets it: we find it by its name in the library's symbol table.
See docs/decisions/0012-one-size-of-cache.md.
"""

import ctypes
import mmap
import platform
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf

from foundation.errors import SetupError

FIXED = (32 * 2**10, 512 * 2**10, 16 * 2**20)  # bytes of L1, L2 and L3

LIBRARY = "libtensorflow_cc.so.2"
VARIABLE = b"_ZZN5Eigen8internal20manage_caching_sizesENS_6ActionEPlS2_S2_E12m_cacheSizes\0"
_Sizes = ctypes.c_ssize_t * 3

# What is read of an ELF file of 64 bits: https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html
_SYMBOL_TABLE = 2
_SECTION = np.dtype(
    [("name", "u4"), ("type", "u4"), ("flags", "u8"), ("address", "u8"), ("offset", "u8"),
     ("size", "u8"), ("link", "u4"), ("info", "u4"), ("alignment", "u8"), ("entry_size", "u8")]
)  # fmt: skip
_SYMBOL = np.dtype(
    [("name", "u4"), ("info", "u1"), ("other", "u1"), ("section", "u2"), ("value", "u8"), ("size", "u8")]
)  # fmt: skip


def fix_cache_sizes() -> None:
    """Let Eigen cut matrices as on a processor with the FIXED caches, from here on.

    Raises:
        SetupError: This TensorFlow does not keep the sizes where the one of requirements.lock does.
    """
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return  # elsewhere no bytes of another machine are promised
    sizes = cache_sizes()
    tf.matmul(tf.ones((64, 64)), tf.ones((64, 64)))  # the first product makes Eigen ask
    if not 0 < sizes[0] <= sizes[1]:
        raise _unknown_library(f"holds {list(sizes)}")
    sizes[:] = list(FIXED)


def cache_sizes() -> "ctypes.Array[ctypes.c_ssize_t]":
    """Return Eigen's own variable: bytes of L1, L2 and L3; zeros before the first product."""
    library, start = _loaded_library()
    return _Sizes.from_address(start + address_in(library))


def address_in(library: Path) -> int:
    """Return where the variable lies in a library, in bytes from the beginning of the loaded one.

    Raises:
        SetupError: The library has no such variable, or no symbol table.
    """
    with library.open("rb") as file:
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    n_sections, first = int.from_bytes(content[60:62], "little"), int.from_bytes(content[40:48], "little")  # fmt: skip
    sections = np.frombuffer(content, _SECTION, n_sections, first)
    for table in sections[sections["type"] == _SYMBOL_TABLE]:
        n_symbols, names = table["size"] // _SYMBOL.itemsize, int(sections["offset"][table["link"]])
        symbols = np.frombuffer(content, _SYMBOL, n_symbols, table["offset"])
        for symbol in symbols[symbols["size"] == ctypes.sizeof(_Sizes)]:
            begin = names + int(symbol["name"])
            if content[begin : begin + len(VARIABLE)] == VARIABLE:
                return int(symbol["value"])
    raise _unknown_library("is missing")


def _loaded_library() -> tuple[Path, int]:
    """Find the file of the loaded library, and the address that it begins at."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        if line.endswith(f"/{LIBRARY}"):  # the first of its parts
            addresses, _, _, _, _, path = line.split(maxsplit=5)
            return Path(path), int(addresses.partition("-")[0], 16)
    raise _unknown_library("is missing, as the library is not loaded")


def _unknown_library(found: str) -> SetupError:
    return SetupError(
        f"Eigen's cache sizes in {LIBRARY} of TensorFlow {tf.__version__} cannot be fixed, and "
        f"results would depend on the processor's caches: the variable {found}. "
        "Install the packages of requirements.lock."
    )
