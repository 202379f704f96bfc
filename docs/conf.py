"""How the documents become pages: `make docs`."""

project = "cxzy"
author = "cxzy contributors"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.viewcode", "numpydoc"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["conf.py"]
html_theme = "alabaster"
html_theme_options = {
    "description": "A folder of messy spreadsheets in, a defensible report out",
    "page_width": "1100px",
    "font_family": "'Noto Sans SC', 'Microsoft YaHei', 'PingFang SC', sans-serif",
}
html_show_sphinx = False
myst_heading_anchors = 3
autodoc_typehints = "none"  # docstrings give columns, units and errors
autosummary_generate = False  # numpydoc brings it
numpydoc_show_class_members = False
# Links to files of the repository that are no page here; tests/test_documents.py checks that they are there.
suppress_warnings = ["myst.xref_missing"]
