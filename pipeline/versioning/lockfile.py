"""dvc.lock: kept canonical, and compared with the committed one to tell whether a run reproduced it."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from foundation.errors import SetupError
from foundation.files import write_bytes
from foundation.yaml_files import broken, parse_yaml
from pipeline.versioning.dependencies import is_code
from pipeline.versioning.git import file_at
from pipeline.versioning.graph import Graph

LOCK = "dvc.lock"
Entries = Mapping[str, Mapping[str, Any]]  # read-only: several readers share them
IDENTICAL = "identical"
WRITING = 0.5  # seconds that DVC may take to write it
MD5 = re.compile(r"[0-9a-f]{32}(\.dir)?")


@dataclass(frozen=True)
class Comparison:
    """A run, compared with the committed dvc.lock.

    Attributes:
        new_inputs: Paths, parameters and commands that differ from the committed ones.
        different: Outputs that differ although their inputs are the same.
        n_outputs: How many outputs were compared.
    """

    new_inputs: list[str]
    different: list[str]
    n_outputs: int

    @property
    def identical(self) -> bool:
        """Return True if the committed run was reproduced."""
        return not self.new_inputs and not self.different

    @property
    def verdict(self) -> str:
        """Describe in a word or two how the run stands to the committed one."""
        if self.identical:
            return IDENTICAL
        return "new inputs" if self.new_inputs else "different"


def read_lock(root: Path) -> Entries:
    """Read the stages of the workspace's dvc.lock; none if there is no lock yet."""
    path = root / LOCK
    if not path.is_file():
        return {}
    try:
        return _stages(path.read_text(encoding="utf-8"))
    except SetupError:
        time.sleep(WRITING)  # DVC may be writing it just now: it does so in its place
        return _stages(path.read_text(encoding="utf-8"))


def committed_lock(root: Path, revision: str = "HEAD") -> Entries:
    """Read the stages of dvc.lock as a revision has it; none if it has no lock."""
    text = file_at(root, revision, LOCK)
    return _stages(text) if text is not None else {}


def recorded_outputs(graph: Graph, lock: Entries) -> dict[str, str]:
    """Map the outputs of the stages that a run needs, as far as they are recorded, to their hashes."""
    return {
        path: md5
        for name in graph.needed()
        for path, md5 in hashes(lock.get(name, {}), "outs").items()
    }


@lru_cache(maxsize=8)
def _stages(text: str) -> Entries:
    """Read the stages in the text of a dvc.lock; the same text again costs nothing."""
    content = parse_yaml(text, LOCK)
    stages: Entries = content.get("stages", {})
    whole = isinstance(stages, dict) and all(map(_is_whole, stages.values()))
    if not whole or content.get("schema") != "2.0":
        raise SetupError(broken(LOCK, "it is not as DVC writes it"))
    return stages


def _is_whole(entry: Any) -> bool:
    """Return True if DVC would take this for what it wrote of a stage."""
    if not isinstance(entry, dict) or not isinstance(entry.get("cmd"), str | list):
        return False
    params, paths = entry.get("params", {}), [entry.get(key, []) for key in ("deps", "outs")]
    return (
        isinstance(params, dict)
        and all(isinstance(values, dict) for values in params.values())
        and all(isinstance(items, list) for items in paths)
        and all(_is_whole_path(item) for items in paths for item in items)
    )


def _is_whole_path(item: Any) -> bool:
    return (
        isinstance(item, dict)
        and "path" in item
        and None not in item.values()
        and all(isinstance(item.get(key, ""), str) for key in ("path", "hash"))
        and ("md5" not in item or MD5.fullmatch(str(item["md5"])) is not None)
    )


def canonicalise(root: Path, graph: Graph) -> bool:
    """Sort dvc.lock into the order of dvc.yaml, without stages that are gone; return True if it changed.

    DVC writes stages in the order in which they first ran and keeps those that are gone for ever;
    within a stage its own order is canonical already.
    """
    recorded = list(read_lock(root))
    if recorded == [name for name in graph.stages if name in recorded]:
        return False
    path = root / LOCK
    yaml = YAML()  # with the library's own settings, as DVC writes it: long texts are folded
    content = yaml.load(path)
    stages = content["stages"]
    content["stages"] = {name: stages[name] for name in graph.stages if name in stages}
    buffer = StringIO()
    yaml.dump(content, buffer)
    write_bytes(path, buffer.getvalue().encode())
    return True


def compare(graph: Graph, recorded: Entries, now: Entries) -> Comparison:
    """Compare what a run made with what is recorded, for the stages that a run needs."""
    made = {out for stage in graph.stages.values() for out in stage.outs}
    new_inputs: dict[str, None] = {}  # each once, in the order of the stages
    different: list[str] = []
    n_outputs = 0
    for name in graph.needed():
        old, new = recorded.get(name, {}), now.get(name, {})
        new_inputs |= dict.fromkeys(_changed_inputs(name, old, new, made))
        hashes = _hashes(old, "outs")
        outputs = _hashes(new, "outs")
        n_outputs += len(outputs)
        different += [path for path in outputs if outputs[path] != hashes.get(path)]
    return Comparison(list(new_inputs), [] if new_inputs else different, n_outputs)


def _changed_inputs(
    name: str, old: Mapping[str, Any], new: Mapping[str, Any], made: set[str]
) -> list[str]:
    before, after = _hashes(old, "deps"), _hashes(new, "deps")
    paths = sorted(path for path in {*before, *after} - made if before.get(path) != after.get(path))
    old_params, new_params = _params(old), _params(new)
    params = sorted(
        key
        for key in {*old_params, *new_params}
        if old_params.get(key, _MISSING) != new_params.get(key, _MISSING)
    )
    command = [f"command of {name}"] if old.get("cmd") != new.get("cmd") else []
    return command + params + paths


def hashes(entry: Mapping[str, Any], key: str) -> dict[str, str]:
    """Map the paths of a stage's `deps` or `outs` to their hashes."""
    return {path: md5 for path, (md5, _) in _hashes(entry, key).items()}


_MISSING = object()


def _params(entry: Mapping[str, Any]) -> dict[str, Any]:
    """List the parameters of an entry by dotted name, whichever file they are in."""
    return {k: v for content in entry.get("params", {}).values() for k, v in flat(content).items()}


def facts(name: str, recorded: Entries) -> list[dict[str, str]]:
    """List what a stage made and read, as dvc.lock has it: outputs and inputs with hashes, parameters."""
    entry = recorded.get(name, {})
    inputs = _hashes(entry, "deps")
    code = [path for path in inputs if is_code(path)]
    paths = [("output", *item) for item in _hashes(entry, "outs").items()]
    paths += [("input", path, inputs[path]) for path in inputs if path not in code]
    rows = [{"what": what, "name": path, "value": digest} for what, path, (digest, _) in paths]
    rows += [
        {"what": "parameter", "name": key, "value": str(value)}
        for key, value in _params(entry).items()
    ]
    return rows + [{"what": "code", "name": path, "value": inputs[path][0]} for path in code]


def _hashes(entry: Mapping[str, Any], key: str) -> dict[str, tuple[str, str]]:
    """Map paths to (hash, mode); DVC names the hash after its algorithm."""
    return {
        item["path"]: (str(item.get(item.get("hash", "md5"))), str(item.get("isexec", False)))
        for item in entry.get(key, [])
    }


def flat(value: Any, prefix: str = "") -> dict[str, Any]:
    """List nested mappings and lists as dotted names and values."""
    items: Any = value.items() if isinstance(value, Mapping) else ()
    if isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        items = enumerate(value)
    elif not isinstance(value, Mapping):
        return {prefix: value}
    flattened: dict[str, Any] = {}
    for key, item in items:
        flattened |= flat(item, f"{prefix}.{key}" if prefix else str(key))
    return flattened
