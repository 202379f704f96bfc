"""Processed tables -> figures."""
