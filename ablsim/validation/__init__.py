"""Published rows as cases, what a run predicts for them, and how far that is off.

`read_rows` gives the rows, `make_case` the case of one by rules on its columns, `predict` what its
result says about each of ``row.quantities``, and `log_ratio` how far that is off.
"""

from ablsim.validation.predicted import log_ratio, predict
from ablsim.validation.published import PublishedRow, Quantity, read_rows
from ablsim.validation.rules import list_assumptions, make_case

__all__ = [
    "PublishedRow",
    "Quantity",
    "list_assumptions",
    "log_ratio",
    "make_case",
    "predict",
    "read_rows",
]
