"""Customers from a file and into one: the fate of each row is shown first, and all of them are written or none."""
