"""The report of a comparison: table, page, figures."""
