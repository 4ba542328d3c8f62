"""Every table that is written or read, with its columns in one place."""
