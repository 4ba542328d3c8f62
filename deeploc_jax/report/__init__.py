"""Reports are figures and a self-contained page, made from the files of a workdir."""

from deeploc_jax.report.page import write_report

__all__ = ['write_report']
