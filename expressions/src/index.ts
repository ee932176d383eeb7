// Public names are listed here one by one.
