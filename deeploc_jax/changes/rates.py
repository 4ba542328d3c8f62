"""From statistics to p and q, with a null distribution that the screen itself gives.

Most proteins do not move. The bulk of the statistics therefore says how they scatter
without a change, whatever makes them scatter: cells that are alike in a well, plates,
and shapes that the network takes for something else. A theoretical null knows of none
of these.

References:
    Efron 2004, Large-scale simultaneous hypothesis testing: the choice of a null
    hypothesis, J. Am. Stat. Assoc. 99:96. Storey & Tibshirani 2003, Statistical
    significance for genomewide studies, PNAS 100:9440.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy import optimize, stats

BULK = 0.6  # share of the statistics, the smallest, that the null is fitted to
CUTOFF = 0.5  # p above which the share of unchanged proteins is counted
