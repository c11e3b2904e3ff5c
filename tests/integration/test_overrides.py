"""DVC reads the same values out of a params.yaml that we wrote as we do."""

import shutil
from pathlib import Path

import pytest
from dvc.utils.serialize import load_yaml
from ruamel.yaml import YAML

from foundation.errors import ParamsError
from pipeline.runs.overrides import apply_overrides
from tests.support.awkward import AWKWARD
from tests.support.project import ROOT


@pytest.mark.parametrize("text", [text for text in AWKWARD if text != "\ud800"])
def test_dvc_reads_a_text_that_was_overridden_as_it_was_given(tmp_path: Path, text: str):
    shutil.copy(ROOT / "params.yaml", tmp_path)
    try:
        apply_overrides(tmp_path, [f"ingest.time={text}"])
    except ParamsError:
        return
    written = tmp_path / "params.yaml"
    assert load_yaml(written) == YAML(typ="safe").load(written)
    assert load_yaml(written)["ingest"]["time"] == ({"\\t": "\t"}.get(text, text))
