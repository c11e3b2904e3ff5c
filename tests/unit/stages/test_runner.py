import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy
import pytest
from threadpoolctl import threadpool_info

import stages
from foundation.errors import SetupError
from foundation.packages import check_packages, locked_packages
from stages.runner import check_code, check_seal
from tests.support.project import ROOT


@pytest.mark.skipif(platform.machine() != "x86_64", reason="these settings are for x86-64")
def test_this_process_is_sealed_and_the_libraries_obey():
    check_seal()
    features = numpy._core._multiarray_umath.__cpu_features__
    assert not [name for name in ("X86_V4", "AVX512_ICL", "AVX512_SPR") if features.get(name)]
    [blas] = [
        lib
        for lib in threadpool_info()
        if lib["internal_api"] == "openblas" and "numpy" in lib["filepath"]
    ]
    assert (blas["architecture"], blas["num_threads"]) == ("Haswell", 1)
    assert os.environ["KERAS_HOME"].startswith(str(ROOT))


def test_a_process_that_loaded_a_numeric_library_first_is_refused():
    script = "import numpy\nfrom stages.runner import check_seal\ncheck_seal()"
    clean = {k: v for k, v in os.environ.items() if k not in stages.PINNED}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=clean, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert "SetupError: This process is not sealed: a numeric library loaded first" in done.stderr


def test_an_environment_changed_after_the_seal_is_refused(monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "8")
    with pytest.raises(SetupError, match="OPENBLAS_NUM_THREADS changed"):
        check_seal()


def test_code_from_another_folder_is_refused(tmp_path):
    check_code(ROOT)
    with pytest.raises(SetupError, match=r"'forecasting' would come from .* not from the working"):
        check_code(tmp_path)


def test_a_stage_started_elsewhere_is_one_sentence_and_exit_code_1(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "stages.windowing"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("error: The package 'forecasting' would come from")
    assert len(done.stderr.splitlines()) == 1


def test_the_installed_packages_are_those_of_the_lock():
    check_packages(ROOT / "requirements.lock")
    assert locked_packages(ROOT / "requirements.lock")["keras"].startswith("3.15.")


def test_a_package_of_another_version_or_missing_is_named(tmp_path):
    lock = tmp_path / "requirements.lock"
    text = (ROOT / "requirements.lock").read_text()
    keras = next(line for line in text.splitlines() if line.startswith("keras=="))
    lock.write_text(
        text.replace(keras, "keras==3.0.1 \\")
        + "no-such-package==1.0 ; python_full_version >= '3.11' \\\n    --hash=sha256:0\n"
        + "only-elsewhere==1.0 ; python_full_version < '3.0' \\\n    --hash=sha256:0\n"
    )
    with pytest.raises(SetupError, match=r"2 installed packages differ") as refused:
        check_packages(lock)
    assert "keras 3.15.1 instead of 3.0.1" in str(refused.value)
    assert "no-such-package missing instead of 1.0" in str(refused.value)
    assert "make setup" in str(refused.value)
    with pytest.raises(SetupError, match=r"is missing. Restore it"):
        check_packages(Path(tmp_path / "none.lock"))
