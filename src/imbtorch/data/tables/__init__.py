"""Tables: files of rows, and what their columns are for."""
