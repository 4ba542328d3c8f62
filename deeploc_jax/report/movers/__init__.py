"""Pages of proteins that are searched, sorted and opened: movers, and one condition."""

from deeploc_jax.report.movers.page import write_movers_page
from deeploc_jax.report.movers.proteins import write_proteins_page

__all__ = [
    'write_movers_page',
    'write_proteins_page',
]
