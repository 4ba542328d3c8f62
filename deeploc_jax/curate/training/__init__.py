"""A network is trained again on what was decided."""
