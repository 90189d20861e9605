"""Why a tumour is not wholly ablated: what is missing, and what each limit costs."""

from ablsim.explanation.chain import Explanation, Step, explain

__all__ = ["Explanation", "Step", "explain"]
