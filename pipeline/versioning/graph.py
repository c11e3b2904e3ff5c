"""The pipeline's graph, read from dvc.yaml: the one place where it is declared."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from foundation.errors import SetupError
from foundation.paths import PARAMS
from foundation.yaml_files import broken, parse_yaml

REFERENCE = re.compile(r"\$\{([^}]+)\}")
PREFECT_OPTIONS = {"retries", "retry_delay_seconds", "tags", "timeout_seconds"}


@dataclass(frozen=True)
class Stage:
    """A node of the graph; paths are relative to the project's root."""

    name: str
    deps: tuple[str, ...]
    outs: tuple[str, ...]
    uncached: tuple[str, ...]  # outputs that git keeps instead of DVC
    desc: str = ""
    prefect: Mapping[str, Any] = field(
        default_factory=dict
    )  # options of its Prefect task: `meta.prefect` of dvc.yaml


@dataclass(frozen=True)
class Graph:
    """The stages in the order of dvc.yaml."""

    stages: dict[str, Stage]

    def upstream(self, name: str) -> list[str]:
        """List the stages whose outputs a stage reads."""
        producer = {out: stage.name for stage in self.stages.values() for out in stage.outs}
        return sorted({producer[dep] for dep in self.stages[name].deps if dep in producer})

    def order(self) -> list[str]:
        """List every stage, each one after those it reads from."""
        needs = {name: self.upstream(name) for name in self.stages}
        return list(TopologicalSorter(needs).static_order())

    def targets(self) -> list[str]:
        """List the last stages: nothing reads from them, and they read from some stage.

        A stage without any connection is not part of the pipeline: with a raw table of one's own,
        the stage that makes the demo table is not asked for.
        """
        read = {name for stage in self.stages for name in self.upstream(stage)}
        return [name for name in self.stages if name not in read and self.upstream(name)] or list(
            self.stages
        )

    def needed(self) -> list[str]:
        """List what a run brings up to date: the targets and all that they stand on, in order."""
        wanted, waiting = set(), self.targets()
        while waiting:
            name = waiting.pop()
            wanted.add(name)
            waiting += self.upstream(name)
        return [name for name in self.order() if name in wanted]

    def sources(self) -> list[str]:
        """List every file that a run reads and does not make: code, packages, raw data."""
        made = {out for stage in self.stages.values() for out in stage.outs}
        return sorted({dep for name in self.needed() for dep in self.stages[name].deps} - made)

    def downstream(self, names: Iterable[str]) -> set[str]:
        """List the stages that stand on any of these, directly or not; these included."""
        reached = set(names)
        for name in self.order():
            if reached & set(self.upstream(name)):
                reached.add(name)
        return reached


def load_graph(root: Path) -> Graph:
    """Read the graph of the project in `root`.

    Raises:
        SetupError: dvc.yaml or params.yaml is missing, or uses what this program does not read.
    """
    return _graph(_read(root / "dvc.yaml"), _read(root / PARAMS))


@lru_cache(maxsize=8)
def _graph(declaration: str, values: str) -> Graph:
    """Read the graph from the texts of dvc.yaml and params.yaml; the same texts again cost nothing."""
    declared = parse_yaml(declaration, "dvc.yaml").get("stages")
    if not isinstance(declared, dict) or not all(
        isinstance(stage, dict) for stage in declared.values()
    ):
        raise SetupError(broken("dvc.yaml", "it declares no stages"))
    params = parse_yaml(values, str(PARAMS))
    return Graph({name: _stage(name, content, params) for name, content in declared.items()})


def _read(path: Path) -> str:
    if not path.is_file():
        raise SetupError(
            f"{path.name} is missing from {path.parent}. Run in a checkout of the project, or "
            f"restore it: git checkout -- {path.name}"
        )
    return path.read_text(encoding="utf-8", errors="replace")


def _stage(name: str, content: Mapping[str, Any], params: Mapping[str, Any]) -> Stage:
    if "do" in content:
        raise SetupError(
            f"Stage '{name}' of dvc.yaml uses foreach or matrix, which exactcast does not read. "
            "Write one stage for each."
        )
    entries = [
        _entry(entry) for key in ("outs", "metrics", "plots") for entry in content.get(key, [])
    ]
    return Stage(
        name=name,
        deps=tuple(_resolved(dep, params) for dep in content.get("deps", [])),
        outs=tuple(_resolved(path, params) for path, _ in entries),
        uncached=tuple(
            _resolved(p, params) for p, options in entries if not options.get("cache", True)
        ),
        desc=content.get("desc", ""),
        prefect=_prefect_options(name, content),
    )


def _prefect_options(name: str, content: Mapping[str, Any]) -> Mapping[str, Any]:
    options: Mapping[str, Any] = (content.get("meta") or {}).get("prefect") or {}
    if unknown := sorted(options.keys() - PREFECT_OPTIONS):
        raise SetupError(
            f"meta.prefect of stage '{name}' in dvc.yaml has no option {', '.join(unknown)}. It may "
            f"have {', '.join(sorted(PREFECT_OPTIONS))}."
        )
    return options


def _entry(entry: str | Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """An output in dvc.yaml is a path or {path: options}."""
    return (entry, {}) if isinstance(entry, str) else next(iter(entry.items()))


def _resolved(text: str, params: Mapping[str, Any]) -> str:
    """Put values of params.yaml in place of `${dotted.names}`, as DVC does."""

    def value(match: re.Match[str]) -> str:
        found: Any = params
        for key in match[1].strip().split("."):
            if not isinstance(found, Mapping) or key not in found:
                raise SetupError(
                    f"dvc.yaml refers to {match[0]}, which params.yaml does not have. Restore it."
                )
            found = found[key]
        return str(found)

    return REFERENCE.sub(value, text)
