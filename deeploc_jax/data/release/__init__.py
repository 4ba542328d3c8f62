"""The HDF5 files of the DeepLoc release: found, checked and read."""
