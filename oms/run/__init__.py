"""Running the whole house on one machine: embedded database and broker, web, worker, scheduler."""
