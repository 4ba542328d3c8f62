"""The fields of a screen are listed, and read one by one."""
