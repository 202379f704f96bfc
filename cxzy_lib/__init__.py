"""cxzy: messy spreadsheets in, a defensible report out. ``import cxzy_lib as cx``.

The names are in ``__init__.pyi``; each is imported when it is first used, so that importing the package
costs next to nothing.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
