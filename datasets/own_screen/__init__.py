"""A user's own crops, described by a table."""

from .own_screen import OwnScreen as OwnScreen
