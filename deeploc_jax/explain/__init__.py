"""Shows what a network looks at in a cell."""
