"""A folder of one run: whose it is, what was asked, and what is finished."""
