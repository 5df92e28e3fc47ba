"""Schedulers that ask a function of the user."""

import types

from .base import Folded, LRScheduler, check_optimizer


class FunctionLR(LRScheduler):
    """Holds one function of the step per group, and the state of functions that are objects."""

    def __init__(self, optimizer, lr_lambda, last_epoch=-1):
        check_optimizer(optimizer)
        groups = len(optimizer.param_groups)
        if not isinstance(lr_lambda, list | tuple):
            lr_lambda = [lr_lambda] * groups
        elif len(lr_lambda) != groups:
            raise ValueError(f"Expected {groups} lr_lambdas, but got {len(lr_lambda)}")
        for function in lr_lambda:
            if not callable(function):
                raise TypeError(
                    f"lr_lambda should be a function, but got {type(function).__name__}"
                )
        self.lr_lambdas = list(lr_lambda)
        super().__init__(optimizer, last_epoch)

    def _scaled(self, k, rates):
        return [lr * function(k) for function, lr in zip(self.lr_lambdas, rates, strict=True)]

    def state_dict(self):
        """All attributes but the optimizer; of the functions only what objects hold."""
        return {**super().state_dict(), "lr_lambdas": [attributes(f) for f in self.lr_lambdas]}

    def load_state_dict(self, state_dict):
        """Continue from what :meth:`state_dict` gave; the functions stay those of this object."""
        for function, saved in zip(self.lr_lambdas, state_dict["lr_lambdas"], strict=True):
            restore(function, saved)
        super().load_state_dict({**state_dict, "lr_lambdas": self.lr_lambdas})


class LambdaLR(FunctionLR):
    """Set the rate to the initial rate times ``lr_lambda(k)``: lr(k) = lr₀ λ(k).

    ``lr_lambda`` is a function of the step, or a list of them, one per group (ValueError for
    another length).

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.zeros(1, requires_grad=True)], lr=1.0)
    >>> mg.optim.lr_scheduler.LambdaLR(optimizer, lambda k: 1 / (k + 1)).preview(4)
    [1.0, 0.5, 0.3333333333333333, 0.25]
    """

    def _at(self, k):
        return self._scaled(k, self.base_lrs)


class MultiplicativeLR(Folded, FunctionLR):
    """Multiply the rate by ``lr_lambda(k)`` at every step k ≥ 1: lr(k) = lr₀ λ(1) λ(2) … λ(k).

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.zeros(1, requires_grad=True)], lr=1.0)
    >>> mg.optim.lr_scheduler.MultiplicativeLR(optimizer, lambda k: 0.5).preview(4)
    [1.0, 0.5, 0.25, 0.125]
    """

    def _next(self, k, rates):
        return rates if self._is_initial else self._scaled(k, rates)

    def _start_after(self, rates):
        return self._scaled(0, rates)


def attributes(function):
    """The attributes of a callable object; None for a plain function, a class, a built-in."""
    plain = isinstance(function, types.FunctionType | type)
    if plain or not hasattr(function, "__dict__"):
        return None
    return dict(vars(function))


def restore(function, saved):
    """Give a callable object the attributes that :func:`attributes` took."""
    if saved is not None:
        vars(function).update(saved)
