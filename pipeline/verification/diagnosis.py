"""Why a run did not come out the same, as far as the records show."""

from collections.abc import Sequence

from foundation.packages import LOCK_FILE, locked_packages
from foundation.record_schema import Record, Surroundings
from pipeline.runs.environment import OWN_MINOR
from pipeline.runs.record import changed_surroundings
from pipeline.runs.stage import RAN
from pipeline.verification.recorded import Output
from pipeline.versioning.checkout import Checkout

UNDECLARED = (
    "Nothing that is on record differs. The stage depends on something that is not a declared input: "
    "the time, a random number, a file, the network."
)


def reasons(
    checkout: Checkout,
    outputs: Sequence[Output],
    record: Record | None,
    here: Surroundings,
    *,
    changed: Sequence[str] = (),
) -> list[str]:
    """Describe what may have made outputs differ; nothing if none does.

    Args:
        checkout: A worktree of the commit.
        outputs: All of them, in the order of their stages.
        record: That of the run, or of another one that made the same dvc.lock; if there is one.
        here: The surroundings of the verification, as in a record.
        changed: Data, parameters and code that dvc.lock names otherwise than the commit has them.
    """
    differing = list(dict.fromkeys(output.stage for output in outputs if not output.identical))
    if not differing:
        return []
    first = f"The first stage that differs is '{differing[0]}'"
    found = [f"{first}; what comes after it reads its outputs." if differing[1:] else f"{first}."]
    if changed:
        found.append(f"inputs: {', '.join(changed)}")
    if record is None or "surroundings" not in record.model_fields_set:
        return [*found, *_without_record(checkout)]
    for stage in differing:
        state = record.states.get(stage, RAN)
        if state != RAN:
            found.append(
                f"'{stage}' did not run in that run ({state}), so the record does not say where "
                "its outputs were made."
            )
    changes = changed_surroundings(
        record.surroundings, here, packages=set(locked_packages(checkout.root / LOCK_FILE))
    )
    found += [f"{kind}: {', '.join(lines)}" for kind, lines in changes.items()]
    return found if changes or changed else [*found, UNDECLARED]


def _without_record(checkout: Checkout) -> list[str]:
    found = [
        "There is no record of this commit, so its packages, processor and threads are not known."
    ]
    reference = checkout.root / ".python-version"
    said = reference.read_text(encoding="utf-8").strip() if reference.is_file() else OWN_MINOR
    if said != OWN_MINOR:
        found.append(f"python: {said} is the reference, this is {OWN_MINOR}")
    return found
