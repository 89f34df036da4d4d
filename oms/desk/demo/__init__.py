"""A house to look at: a wholesaler of gifts and things for the home, with a month of trade behind it."""
