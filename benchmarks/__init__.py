"""Timings are made here, with tables of studies and tables of real cells beside them.

All are run by hand. `speed`, `startup`, `overhead` and `simulation` measure time;
`studies/` makes tables from the workdirs of several runs; `real_cells/` makes tables of
published cells, to train on; `fuzz/` damages files.
"""
