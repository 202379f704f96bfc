"""Figures -> charts, tables and sentences."""

from pkgutil import iter_modules

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, {found.name for found in iter_modules(__path__)})
