"""An inventory has the fields of a screen, and all that could not be used."""

from __future__ import annotations

import dataclasses

from deeploc_jax.screens.fields.field import Field
from deeploc_jax.screens.fields.inventory_text import describe_inventory
from deeploc_jax.screens.fields.listing import Problem


@dataclasses.dataclass(frozen=True)
class Inventory:
    """The fields of a screen.

    Attributes:
        source: Table, pattern or plate that describes them.
        roles: Channel name by role: {'protein': 'GFP', 'marker': 'RFP'}.
        fields: The fields, sorted by plate, well and field.
        problems: What was not understood, or cannot be used.
        notes: Sentences that the user should see.
    """

    source: str
    roles: dict[str, str]
    fields: tuple[Field, ...]
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def channels(self) -> tuple[str, ...]:
        """Channel names: protein, marker, then any others."""
        return tuple(self.fields[0].planes) if self.fields else ()

    @property
    def set_aside(self) -> tuple[Problem, ...]:
        """The problems because of which a field is left out."""
        return tuple(problem for problem in self.problems if problem.loses)

    def describe(self) -> str:
        """What was understood, and what was not: text of many lines."""
        return describe_inventory(
            self.source, self.roles, self.fields, self.problems, self.notes
        )
