"""The picture in docs/architecture.md: storeys from pyproject.toml, the data's way from dvc.yaml."""

import re
import tomllib
from collections.abc import Iterator, Sequence
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

from docs.generate.markdown import code_block
from pipeline.versioning.dependencies import is_code
from pipeline.versioning.graph import Graph, load_graph

Rows = list[list[str]]  # modules side by side, the highest row first
COMPACT = '%%{init: {"flowchart": {"nodeSpacing": 20, "rankSpacing": 25}}}%%'


def picture(root: Path) -> str:
    """Draw storeys, wings and stages as a Mermaid flowchart.

    Args:
        root: The project's root.
    """
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    layered = [each for each in contracts if each["type"] == "layers"]
    storeys = next(_rows(each) for each in layered if "containers" not in each)
    wings = {name: _rows(each) for each in layered for name in each.get("containers", [])}
    lines = [COMPACT, "flowchart LR"]
    for storey in chain.from_iterable(storeys):
        lines += [f'  subgraph {storey}["{storey}/"]', "    direction TB"]
        if storey == "stages":
            lines += (f"    {line}" for line in _data_way(load_graph(root)))
        lines += (f"    {line}" for line in _wings(storey, wings.get(storey, [])))
        lines.append("  end")
    lines += (f"  {upper} --> {lower}" for upper, lower in _imports(storeys, contracts))
    lines.append('  pipeline -. "starts each stage, through DVC" .-> stages')
    return code_block("\n".join(lines), language="mermaid")


def _rows(contract: dict[str, Any]) -> Rows:
    """Read the layers of a contract: `a | b` lie side by side, `(a)` need not be there."""
    return [re.findall(r"\w+", layer) for layer in contract["layers"]]


def _wings(storey: str, rows: Rows) -> Iterator[str]:
    for name in chain.from_iterable(rows):
        yield f'{storey}.{name}["{name}"]'
    for above, below in pairwise(rows):
        yield " --> ".join(" & ".join(f"{storey}.{name}" for name in row) for row in (above, below))


def _imports(storeys: Rows, contracts: Sequence[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield for each storey those of the next row below from which it may import."""
    forbidden = {
        (source, target)
        for each in contracts
        if each["type"] == "forbidden"
        for source in each["source_modules"]
        for target in each["forbidden_modules"]
    }
    for number, row in enumerate(storeys):
        for upper in row:
            below = (
                [low for low in r if (upper, low) not in forbidden] for r in storeys[number + 1 :]
            )
            yield from ((upper, lower) for lower in next(filter(None, below), []))


def _data_way(graph: Graph) -> Iterator[str]:
    """Yield the stages and the files between them; outputs that no stage reads share one node."""
    read = {dep for stage in graph.stages.values() for dep in stage.deps}
    made = {out for stage in graph.stages.values() for out in stage.outs}
    for name, stage in graph.stages.items():
        yield f'{name}["{name}"]'
        for dep in stage.deps:
            if not is_code(dep):
                if dep not in made:
                    yield _file(dep)
                yield f"{_id(dep)} --> {name}"
        results = [out for out in stage.outs if out not in read]
        for out in stage.outs:
            if out in read:
                yield _file(out)
                yield f"{name} --> {_id(out)}"
        if results:
            yield f'{name}.results[("{"<br/>".join(results)}")]'
            yield f"{name} --> {name}.results"


def _file(path: str) -> str:
    return f'{_id(path)}[("{path}")]'


def _id(path: str) -> str:
    return re.sub(r"\W", "_", path)
