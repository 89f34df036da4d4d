"""The pages of the warehouse and of purchasing."""
