"""Tables of scored cells become profiles of wells and proteins."""
