"""The exceptions of minigrad that are not Python's own."""


class GradcheckError(RuntimeError):
    """Numerical and analytic gradients differ (raised by :func:`minigrad.gradcheck`)."""


class LinAlgError(RuntimeError):
    """A matrix has no such inverse or factorisation: it is singular, say."""
