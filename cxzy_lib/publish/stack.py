"""All that a report needs, imported: one process imports it, and every report starts as a copy of that.

Never imported by anything but such a process. `matplotlib_inline` must not be here: where it is imported
before there is a shell, charts vanish without a word.
"""

import sys
from importlib import import_module

import cxzy_lib

# jsonschema looks for it to check addresses in other alphabets. No notebook has any, and its grammar takes
# three seconds to build. None: as if it were not installed.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

PARTS = (
    "matplotlib.backends.backend_svg",
    "nbconvert.exporters.html",
    "nh3",
    "scipy.optimize",
    "scipy.stats",
    "seaborn",
    "statsmodels.api",
    "cxzy_lib.publish.engine",
    "cxzy_lib.publish.runner",
)
for part in PARTS:
    import_module(part)
for name in dir(cxzy_lib):
    getattr(cxzy_lib, name)
