"""Fields of a screen become a table of crops, and these a screen to train on."""
