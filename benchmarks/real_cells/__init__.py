"""Published images of real cells become tables of own cells, to train on."""
