"""Notebooks -> pages that people open."""
