"""The fields of a screen: what there is, and how one of them is read."""
