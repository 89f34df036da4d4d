"""What every REST resource shares: strict JSON in, problem+json out, permissions, idempotency, cursors."""
