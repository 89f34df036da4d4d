"""Measurements, each as a ratio against a floor taken in the same run: `make bench`. Nothing here is asserted in a test."""
