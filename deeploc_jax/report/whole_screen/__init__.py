"""The page that a person opens first, of a screen that went through all stages."""

from deeploc_jax.report.whole_screen.page import write_screen_page

__all__ = ['write_screen_page']
