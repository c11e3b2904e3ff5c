"""A `.keras` file without the time, the order and the compression of the day."""

import io
import json
import zipfile
from typing import Any

ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # the first time a zip can hold
KERAS_TIME = "1980-01-01@00:00:00"


def canonical_keras(content: bytes) -> bytes:
    """Repack a `.keras` file: members sorted and stored, without times and memory addresses."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as source,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as target,
    ):
        for name in sorted(source.namelist()):
            member = source.read(name)
            if name.endswith(".json"):
                document = json.loads(member)
                if name == "metadata.json":
                    document["date_saved"] = KERAS_TIME
                member = json.dumps(_renumbered(document, {}), sort_keys=True).encode()
            target.writestr(zipfile.ZipInfo(name, ZIP_TIME), member)
    return buffer.getvalue()


def _renumbered(value: Any, numbers: dict[int, int]) -> Any:
    """Number shared objects in their order: Keras names them by their address in memory."""
    if isinstance(value, dict):
        return {
            key: numbers.setdefault(item, len(numbers) + 1)
            if key == "shared_object_id" and item is not None
            else _renumbered(item, numbers)
            for key, item in sorted(value.items())
        }
    if isinstance(value, list):
        return [_renumbered(item, numbers) for item in value]
    return value
