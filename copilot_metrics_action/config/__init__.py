"""Inputs and the configuration file to plain, checked values."""

from copilot_metrics_action.config.inputs import INPUTS, Inputs, Tokens, read_inputs
from copilot_metrics_action.config.reading import describe, json_schema, read_settings
from copilot_metrics_action.config.settings import WEEKDAYS, Settings

__all__ = [
    "INPUTS",
    "WEEKDAYS",
    "Inputs",
    "Settings",
    "Tokens",
    "describe",
    "json_schema",
    "read_inputs",
    "read_settings",
]
