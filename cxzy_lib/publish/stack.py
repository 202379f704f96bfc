"""All that a report needs, imported: one process imports it, and every report starts as a copy of that.

Never imported by anything but such a process. `matplotlib_inline` must not be here: where it is imported
before there is a shell, charts vanish without a word.
"""

import sys
from importlib import import_module
from typing import Any

import cxzy_lib

# jsonschema looks for it to check addresses in other alphabets. No notebook has any, and its grammar takes
# three seconds to build. None: as if it were not installed.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

PARTS = (
    "IPython.core.application",
    "IPython.core.completer",
    "IPython.core.completerlib",
    "IPython.core.magics.execution",
    "IPython.core.magics.pylab",
    "IPython.core.oinspect",
    "IPython.core.pylabtools",
    "krippendorff",
    "matplotlib.backends.backend_svg",
    "nbconvert.exporters.html",
    "nh3",
    "pingouin",
    "scipy.optimize",
    "scipy.stats",
    "seaborn",
    "statsmodels.api",
    "statsmodels.miscmodels.ordinal_model",
    "cxzy_lib.publish.engine",
    "cxzy_lib.publish.runner",
)
for part in PARTS:
    import_module(part)
for name in dir(cxzy_lib):
    getattr(cxzy_lib, name)


def _use() -> None:
    """Use once what is slow the first time: words, the schema, the template, fonts, drawing."""
    import nbformat

    from cxzy_lib.present.blocks import draw_once
    from cxzy_lib.publish.html import export
    from cxzy_lib.texts import catalogue, languages

    catalogue()
    untyped: Any = nbformat
    new = untyped.v4
    output = new.new_output("display_data", {"text/html": "<p>100%</p>"})
    notebook = new.new_notebook(cells=[new.new_code_cell("1", outputs=[output])])
    untyped.validate(notebook)
    for lang in languages():
        export(notebook, title="", lang=lang)
    draw_once()


_use()
