"""All that a report needs, imported: one process imports it, and every report starts as a copy of that.

Never imported by anything but such a process. `matplotlib_inline` must not be here: where it is imported
before there is a shell, charts vanish without a word.
"""

import sys

# jsonschema looks for it to check addresses in other alphabets. No notebook has any, and its grammar takes
# three seconds to build. None: as if it were not installed.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

import matplotlib.backends.backend_svg
import nbconvert.exporters.html
import nh3
import scipy.optimize
import scipy.stats
import seaborn
import statsmodels.api

import cxzy_lib
import cxzy_lib.publish.engine
import cxzy_lib.publish.runner

for _name in dir(cxzy_lib):
    getattr(cxzy_lib, _name)
