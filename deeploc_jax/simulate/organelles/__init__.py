"""The light of each localization, and of what is not alive."""
