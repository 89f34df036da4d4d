LINE = []
