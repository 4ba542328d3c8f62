"""Finds, checks and reads the released files of DeepLoc and DeepYeast."""
