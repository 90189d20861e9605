"""Why a tumour is not wholly ablated: what is missing, and what each limit costs."""

from ablsim.explanation.chain import Explanation, Step, explain
from ablsim.explanation.misplacement import misplace

__all__ = ["Explanation", "Step", "explain", "misplace"]
