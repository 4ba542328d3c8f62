"""A page shows the plates of a scored screen as heat maps of their wells."""

from deeploc_jax.report.plates.page import write_plates_page

__all__ = ['write_plates_page']
