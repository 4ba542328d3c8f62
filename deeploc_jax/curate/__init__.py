"""A page on which people check the labels of cells, and what comes of it."""
