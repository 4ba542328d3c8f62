"""All kinds of input are found here by name."""

from __future__ import annotations

from benchmarks.fuzz import own_screens, plates, releases, workdirs
from benchmarks.fuzz.kind import Kind

KINDS: dict[str, Kind] = (
    own_screens.KINDS | plates.KINDS | releases.KINDS | workdirs.KINDS
)
