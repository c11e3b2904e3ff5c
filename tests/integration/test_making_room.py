"""Making room with `dvc gc` in the form that docs/reproducibility.md names spares kept runs."""

import json
import re

from pipeline.versioning.cache import content_hash
from tests.support.project import ROOT, Project
from tests.support.toy import back, run


def documented() -> list[str]:
    """Read the command from the page, so that the page cannot be wrong."""
    page = (ROOT / "docs/reproducibility.md").read_text()
    return re.search(r"^dvc (gc .*--all-experiments.*)$", page, re.MULTILINE)[1].split()


def test_making_room_keeps_kept_runs_and_only_them(toy_copy: Project):
    md5s = {}
    for name, seed in [("kept", 11), ("removed", 12)]:
        run(toy_copy, "-S", f"seed={seed}", "--name", name)
        md5s[name] = content_hash(toy_copy.root / "models/model.keras")
        back(toy_copy)
    toy_copy.dvc("exp", "remove", "removed")
    cache = toy_copy.root / ".dvc/cache"
    files = {name: cache / "files/md5" / md5[:2] / md5[2:] for name, md5 in md5s.items()}
    assert all(file.is_file() for file in files.values())

    toy_copy.dvc(*documented(), "--force")
    assert files["kept"].is_file()
    assert not files["removed"].is_file()
    assert "identical: all 5 outputs of kept" in toy_copy.exactcast("verify", "kept")
    toy_copy.dvc("exp", "apply", "kept")
    toy_copy.dvc("checkout")
    assert content_hash(toy_copy.root / "models/model.keras") == md5s["kept"]


def test_without_the_experiments_kept_runs_lose_their_models_and_can_still_be_proved(
    toy_copy: Project,
):
    outs = json.loads(toy_copy.exactcast("show", "second", "--json"))["record"]["lock"]["train"][
        "outs"
    ]
    md5 = outs[0]["md5"]
    model = toy_copy.root / ".dvc/cache/files/md5" / md5[:2] / md5[2:]
    assert model.is_file()
    toy_copy.dvc("gc", "--workspace", "--force")
    assert not model.is_file()
    assert "identical: all 5 outputs of second" in toy_copy.exactcast("verify", "second")
