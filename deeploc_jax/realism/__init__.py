"""How far simulated cells are from real ones, in numbers."""
