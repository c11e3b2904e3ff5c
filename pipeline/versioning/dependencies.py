"""Which of the project's files a module runs or reads, found in the source: what a stage must declare.

`python -m pipeline.versioning.dependencies train` prints the list that belongs into the `deps` of stage `train`;
without a name it brings the lists of all stages in dvc.yaml up to date (`make deps`). DVC does not
follow imports, so a forgotten file would silently reuse a stale result.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from ruamel.yaml import YAML

from foundation.packages import LOCK_FILE
from foundation.paths import CODE_PACKAGES

OURS = tuple(f"{name}/" for name in CODE_PACKAGES)


def is_code(path: str) -> bool:
    """Return True for code and the pinned packages, False for data.

    Code is every file in a package of ours, such as a template, and elsewhere what is Python.

    Args:
        path: Relative to the project's root.
    """
    return path.startswith(OURS) or path.endswith((".py", LOCK_FILE.name))


def code_of(module: str, root: Path = Path()) -> list[str]:
    """List every project file that importing `module` runs, itself included, sorted.

    A file of another kind, such as a template, belongs to the module in its folder that names it in a text.

    Args:
        module: A dotted name, such as `stages.train`.
        root: The project's root.
    """
    found: set[str] = set()
    waiting = [module]
    while waiting:
        for file in _files(waiting.pop(), root):
            if file not in found:
                tree = ast.parse((root / file).read_text(encoding="utf-8"))
                found.update([file, *_shipped(tree, file, root)])
                waiting += _imported(tree, file)
    return sorted(found)


def _files(module: str, root: Path) -> Iterator[str]:
    """Yield the files that importing a dotted name runs: packages on the way, then the module."""
    names = module.split(".")
    if names[0] not in CODE_PACKAGES:
        return
    for depth in range(1, len(names) + 1):
        path = "/".join(names[:depth])
        for candidate in (f"{path}.py", f"{path}/__init__.py"):
            if (root / candidate).is_file():
                yield candidate


def _shipped(tree: ast.Module, file: str, root: Path) -> Iterator[str]:
    """Yield the files in the folder of a module, such as a template, that it names in a text."""
    folder = Path(file).parent
    others = {path.name for path in (root / folder).iterdir() if path.suffix != ".py"}
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    yield from ((folder / name).as_posix() for name in sorted(others) if name in texts)


def _imported(tree: ast.Module, file: str) -> Iterator[str]:
    """Yield every dotted name that a file imports, anywhere in it; `from a import b` may mean a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module, f"{file}: imports are absolute here"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def update_deps(root: Path = Path()) -> None:
    """Write into dvc.yaml what each stage imports, before the packages and the data it reads."""
    yaml = YAML()
    yaml.width = 2**16
    yaml.indent(mapping=2, sequence=4, offset=2)
    content = yaml.load(root / "dvc.yaml")
    for name, stage in content["stages"].items():
        data = [dep for dep in stage["deps"] if not is_code(dep)]
        stage["deps"] = [*code_of(f"stages.{name}", root), LOCK_FILE.as_posix(), *data]
    with (root / "dvc.yaml").open("w", encoding="utf-8") as file:
        yaml.dump(content, file)


def main() -> None:
    """Print the code of the stages named on the command line, or update dvc.yaml."""
    if len(sys.argv) == 1:
        update_deps()
    for stage in sys.argv[1:]:
        print("\n".join(f"      - {file}" for file in code_of(f"stages.{stage}")))


if __name__ == "__main__":
    main()
