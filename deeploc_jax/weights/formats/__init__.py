"""Files of arrays that other libraries saved are read without these libraries."""
