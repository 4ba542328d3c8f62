"""A trained network taken to another screen: tuned or probed with few labels."""
