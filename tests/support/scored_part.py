"""The quick project with a stage `evaluate` that scores the part that `evaluate.test` says."""

import shutil
from pathlib import Path

from tests.support.quick import Quick

PART = """    test = YAML(typ="safe").load(Path("params.yaml"))["evaluate"]["test"]
"""


def with_scored_part(project: Quick, folder: Path) -> Quick:
    """Copy the project into a folder, change its last stage, and commit that."""
    shutil.copytree(project.root, folder, symlinks=True)
    copy = Quick(folder, project.signals)
    stage, graph = folder / "stage.py", folder / "dvc.yaml"
    text = stage.read_text()
    text = text.replace("def evaluate():\n", f"def evaluate():\n{PART}")
    text = text.replace(
        '"mse": error,', '"mse": error, **({} if test else {"part": "validation"}),'
    )
    assert text.count("test else") == 1
    stage.write_text(text)
    declared = graph.read_text().replace(
        "deps: [model, stage.py]", "deps: [model, stage.py]\n    params: [evaluate.test]"
    )
    graph.write_text(declared)
    copy.commit("a part to score")
    return copy
