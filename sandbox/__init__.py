"""What lies outside the house, for trying things out: the door, temper and webhook calls that our own carrier (`shipping.sandbox`) and our own
payment gateway (`accounting.sandbox`) share. Knows nothing of Throughline, and imports no Django.

`python -m sandbox` runs both in one process.
"""
