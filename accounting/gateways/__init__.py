"""Payment gateways: the language their adapters speak, the adapters, and which of them is set up."""
