"""The report of a comparison: a table, an HTML page and figures."""
