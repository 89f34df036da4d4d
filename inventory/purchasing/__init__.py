"""Buying: what is needed, from whom and for how much, ordered, received and what it really cost."""
