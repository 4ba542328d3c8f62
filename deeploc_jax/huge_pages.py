"""Starts Python again with memory in large pages; imports nothing that is slow."""

from __future__ import annotations

import os
import sys


def use_huge_pages() -> None:
    """Starts Python again with a setting that the C library reads at its start.

    XLA on a CPU maps its memory anew in each step. In small pages, that takes a fifth
    of the time. A setting of the user's own is kept.
    """
    if sys.platform == 'linux' and 'GLIBC_TUNABLES' not in os.environ:
        os.environ['GLIBC_TUNABLES'] = 'glibc.malloc.hugetlb=1'
        os.execv(sys.executable, sys.orig_argv)
