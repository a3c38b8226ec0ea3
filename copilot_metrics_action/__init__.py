"""Tells a Copilot administrator every morning whether the licences are used."""

__version__ = "0.1.0"
