"""Ctrl-C that lets the step being made end first."""

import contextlib
import signal
import threading


@contextlib.contextmanager
def listening_for_interrupts(trainer):
    """Inside, the first Ctrl-C sets ``trainer.stopping``; a second one raises KeyboardInterrupt.

    Signals reach the main thread only: elsewhere, and where the program handles SIGINT in a way of
    its own, nothing changes.
    """
    usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not usual or threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupted(number, frame):
        if trainer.stopping == "interrupted":
            raise KeyboardInterrupt
        trainer.stopping = "interrupted"

    signal.signal(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
