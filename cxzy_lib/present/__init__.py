"""Figures -> charts, tables and sentences."""
