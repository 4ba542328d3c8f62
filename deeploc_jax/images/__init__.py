"""Opening and writing image files: TIFF, PNG, NumPy and HDF5."""
