"""SKUs from a file: read row by row, checked as a whole, written all or not at all."""
