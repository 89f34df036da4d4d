"""The counter: somebody buys with a scanner at hand, pays and takes away."""
