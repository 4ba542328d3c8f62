"""The builder of a user's own crops, which a table describes."""

from .own_screen import OwnScreen as OwnScreen
