"""Importing real orders from elsewhere, through the same placement code as every face."""
