from importlib import import_module

from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "oms.desk"
    label = "desk"

    def ready(self) -> None:
        """Register the line, once every app's models are loaded."""
        import_module("oms.line")
