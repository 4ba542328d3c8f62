"""From the fields of a screen to a table of crops, which become a screen like any."""
