"""Parameters that had another name in earlier versions, for the errors that name the new one."""

from collections.abc import Mapping

from foundation.errors import ParamsError

MOVED = {
    "ingest.features": "ingest.targets",
    "train.layers": "model.layers",
    "train.scaler": "model.scaler",
}


def moved_to(name: str) -> str | None:
    """Return today's name of a parameter, or of what lies in one, that had this name; else None.

    `train.layers.0.units` is `model.layers.0.units` now.
    """
    for old, new in MOVED.items():
        if f"{name}.".startswith(f"{old}."):
            return new + name.removeprefix(old)
    return None


def check_moved(content: object, *, source: str) -> None:
    """Refuse parameters under their old names.

    Args:
        content: The parameters, section by section.
        source: Where they were read.

    Raises:
        ParamsError: There are some; names the new place of each.
    """
    sections = content if isinstance(content, Mapping) else {}
    found = [old for old in MOVED if _is_in(sections, *old.split("."))]
    if found:
        sentence = ", ".join(f"{old} is now {MOVED[old]}" for old in found)
        raise ParamsError(f"{source}: {sentence}. Move what is there to the new place.")


def _is_in(sections: Mapping[str, object], section: str, name: str) -> bool:
    inner = sections.get(section)
    return isinstance(inner, Mapping) and name in inner
