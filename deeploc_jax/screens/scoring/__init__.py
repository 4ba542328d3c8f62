"""Fields become rows of scored cells, part by part."""
