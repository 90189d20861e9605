"""How the documentation is built: ``sphinx-build -W docs docs/_build``."""

import os
import sys
from importlib.metadata import version as version_of
from pathlib import Path

from sphinx_gallery.sorting import FileNameSortKey

sys.path.insert(0, str(Path(__file__).parent))
from case_keys import write_case_keys

write_case_keys(Path(__file__).parent / "_generated" / "case_file.md")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

project = "ablsim"
author = "the ablsim developers"
release = version_of("ablsim")
extensions = [
    "mathml",
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_gallery.gen_gallery",
]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["_build", "_generated/case_file.md", "gallery/README.txt", "gallery/*.py"]
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3
html_theme = "pydata_sphinx_theme"
html_title = "ablsim"
html_theme_options = {
    "show_prev_next": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
copyright = "Research software. Not for clinical decisions"  # sphinx's name
html_show_sourcelink = False
html_math_renderer = "mathml"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
autosummary_generate = True
autodoc_typehints = "none"
nitpicky = False
suppress_warnings = ["config.cache"]  # sphinx-gallery's own settings hold a class

sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "auto_gallery",
    "filename_pattern": r"/",
    "within_subsection_order": FileNameSortKey,
    "download_all_examples": False,
    "show_memory": False,
    "write_computation_times": False,
    "show_signature": False,
    "remove_config_comments": True,
    "image_scrapers": ("matplotlib",),
}
