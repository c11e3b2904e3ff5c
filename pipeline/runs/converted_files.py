"""What a user's git does to a checkout so that DVC sees other files than the commit has."""

import re

from foundation.errors import SetupError
from pipeline.runs.execute import own_files
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.git import git, refuse_ignored, run_git
from pipeline.versioning.lockfile import LOCK

ENTRY = re.compile(r"\d+ ([0-9a-f]+) \d\t(.+)", re.DOTALL)


def describe_checkout(checkout: Checkout) -> str:
    """Describe the checkout in a few words, if DVC finds in it what the commit has.

    Raises:
        SetupError: A file that DVC needs is ignored, or git converted a file that a run reads.
    """
    refuse_ignored(checkout.root, "dvc.yaml", LOCK)
    converted = _converted(checkout, sorted({*checkout.graph.sources(), *own_files(checkout)}))
    if converted:
        more = f" and {len(converted) - 1} more" if len(converted) > 1 else ""
        raise SetupError(
            f"git changed the bytes of {converted[0]}{more} at checkout (core.autocrlf, core.eol or a "
            "filter), so stages that read such files count as changed. Commit or stash your changes, "
            "then: git config core.autocrlf false && git rm -rq --cached . && git reset -q --hard"
        )
    return ", ".join(_facts(checkout))


def _converted(checkout: Checkout, paths: list[str]) -> list[str]:
    """List the files whose bytes differ from those in git although git sees no change in them."""
    listed = git(checkout.root, "ls-files", "--stage", "-z", "--", *paths).split("\0")
    kept = {found[2]: found[1] for entry in listed if (found := ENTRY.fullmatch(entry))}
    there = [path for path in kept if (checkout.root / path).is_file()]
    asked = "".join(f"{checkout.root / path}\n" for path in there).encode()
    hashes = git(
        checkout.root, "hash-object", "--no-filters", "--stdin-paths", content=asked
    ).split()
    edited = git(checkout.root, "diff", "--name-only", "--relative", "-z").split("\0")
    return [
        path
        for path, found in zip(there, hashes, strict=True)
        if found != kept[path] and path not in edited
    ]


def _facts(checkout: Checkout) -> list[str]:
    branch = (
        run_git(checkout.root, "symbolic-ref", "--quiet", "--short", "HEAD").stdout.decode().strip()
    )
    asked = ("--show-prefix", "--show-superproject-working-tree", "--is-shallow-repository")
    prefix, outer, shallow = (git(checkout.root, "rev-parse", name).strip() for name in asked)
    return [
        f"branch {branch}" if branch else "no branch (detached HEAD)",
        *([f"folder {prefix} of its repository"] if prefix else []),
        *([f"submodule of {outer}"] if outer else []),
        *(["shallow"] if shallow == "true" else []),
        "files as committed",
    ]
