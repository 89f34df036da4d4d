"""Stock, promises and purchasing over REST."""
