"""Plans: how many fibres, how much energy, which pull-backs, and with what probability.

`make_plan` answers one demand: `Subject` says who is treated, `Request` what is asked, an
`Evaluator` runs candidates on the full physics and keeps every answer.
"""

from ablsim.planning.answer import Plan, summarise
from ablsim.planning.burden import Weights
from ablsim.planning.evaluator import Evaluator
from ablsim.planning.make import NoPlanError, make_plan, plan
from ablsim.planning.request import Limits, Request
from ablsim.planning.sheet import render_plan
from ablsim.planning.span import Span
from ablsim.planning.subject import Subject, make_subject

__all__ = [
    "Evaluator",
    "Limits",
    "NoPlanError",
    "Plan",
    "Request",
    "Span",
    "Subject",
    "Weights",
    "make_plan",
    "make_subject",
    "plan",
    "render_plan",
    "summarise",
]
