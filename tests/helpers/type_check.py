"""Types and shapes in the signatures of the package are checked when it is called."""

from beartype import BeartypeConf, beartype

# As for static checkers, an int is a float.
check_types = beartype(conf=BeartypeConf(is_pep484_tower=True))
