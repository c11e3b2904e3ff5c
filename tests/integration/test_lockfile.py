"""dvc.lock as this program reads it, compared with what the installed DVC accepts."""

from dvc.schema import COMPILED_LOCKFILE_SCHEMA
from ruamel.yaml import YAML

from foundation.errors import SetupError
from pipeline.versioning import lockfile
from pipeline.versioning.lockfile import LOCK as LOCK_FILE
from pipeline.versioning.lockfile import read_lock
from tests.support.project import ROOT


def test_a_torn_lock_is_refused_whenever_dvc_would_refuse_it(tmp_path, monkeypatch):
    monkeypatch.setattr(lockfile, "WRITING", 0.0)  # nobody writes here
    whole, taken = (ROOT / LOCK_FILE).read_text().partition("  ingest:")[0], 0
    for length in range(0, len(whole), 3):
        (tmp_path / LOCK_FILE).write_text(whole[:length])
        try:
            read_lock(tmp_path)
        except SetupError as torn:
            assert "restore it: git checkout -- dvc.lock" in str(torn)
        else:
            COMPILED_LOCKFILE_SCHEMA(YAML(typ="safe").load(whole[:length]))
            taken += 1
    assert 100 < taken < len(whole) // 3
