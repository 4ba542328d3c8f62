"""The page is served to annotators, sheet by sheet."""
