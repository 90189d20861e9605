"""Compiled loops of ablsim. Import as ``ablsim.kernels``."""

if __name__ != "ablsim.kernels":
    msg = "import this folder as 'ablsim.kernels', not as 'kernels'"
    raise ImportError(msg)
