"""The errors that ablsim raises on purpose."""


class AblsimError(Exception):
    """Anything that ablsim itself finds wrong; the message is written for the user."""


class CaseError(AblsimError, ValueError):
    """The input is wrong: says the key, the value and its unit, what is allowed, and the remedy."""


class ResultError(AblsimError, OSError):
    """A stored result is missing, damaged or of another format."""


class UnfinishedError(AblsimError, RuntimeError):
    """A run could not be finished; the message says what is kept."""
