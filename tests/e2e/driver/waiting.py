"""Waiting for a condition with a deadline, the only way in which these tests wait."""
import time

# A bound for a broken program, not a measure of a good one.
PATIENCE = 20.0
# Between two looks at a condition that nothing announces.
LOOK_AGAIN = 0.02


class TooLate(AssertionError):
    """A condition did not come true in time."""


def until(what, condition, seconds=PATIENCE):
    """Returns the first true value of `condition()`; raises TooLate after `seconds`. Tells how long it took."""
    begun = time.monotonic()
    while True:
        value = condition()
        waited = time.monotonic() - begun
        if value:
            print(f"{waited:6.2f} s  {what}", flush=True)
            return value
        if waited > seconds:
            raise TooLate(f"not within {seconds} s: {what}")
        time.sleep(LOOK_AGAIN)


def contents(folder):
    """The bytes of each file in a folder, by its name; None if one got another name meanwhile, as a whole one does."""
    try:
        return {file.name: file.read_bytes() for file in folder.iterdir()}
    except FileNotFoundError:
        return None
