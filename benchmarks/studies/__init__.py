"""The workdirs of several runs become one table of a study."""
