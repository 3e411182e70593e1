"""The accessible tree of a program, as a screen reader finds it: by name and role."""
from collections import deque

import pyatspi
from gi.repository import Atspi, GLib

from driver.waiting import until

# Milliseconds that a program may take to answer one question, also when it has just started: what it is asked before it
# is ready is never answered, and gets asked again.
Atspi.set_timeout(2_000, 2_000)


class Node:
    """One accessible object. It may be gone at any moment: what asks it raises GLib.Error then."""

    def __init__(self, accessible):
        self.accessible = accessible

    @property
    def name(self):
        return self.accessible.name or ""

    @property
    def name_now(self):
        """The name as it is now: libatspi keeps what it once saw."""
        self.accessible.clear_cache()
        return self.name

    @property
    def role(self):
        return self.accessible.getRoleName()

    def children(self):
        return [Node(child) for child in self.accessible if child is not None]

    def all(self):
        """Itself and all below, the ones next to it first: the rows of a table, which are many, come last."""
        waiting = deque([self])
        while waiting:
            node = waiting.popleft()
            yield node
            waiting.extend(node.children())

    def has(self, state):
        return self.accessible.getState().contains(state)

    @property
    def process_id(self):
        return self.accessible.get_process_id()

    @property
    def enabled(self):
        return self.has(pyatspi.STATE_SENSITIVE)

    @property
    def focused(self):
        return self.has(pyatspi.STATE_FOCUSED)

    @property
    def pressed(self):
        """Whether a button that stays down is down now."""
        self.accessible.clear_cache()
        return self.has(pyatspi.STATE_PRESSED)

    def is_in(self, role, name):
        """Whether it is below such a node."""
        above = self.accessible.parent
        while above is not None:
            if above.getRoleName() == role and above.name == name:
                return True
            above = above.parent
        return False

    @property
    def text(self):
        return self.accessible.queryText().getText(0, -1)

    def click(self):
        assert self.accessible.queryAction().doAction(0), f"{self.name!r} can't be clicked"

    def focus(self):
        assert self.accessible.queryComponent().grabFocus(), f"{self.name!r} can't have the keyboard"

    def set_text(self, text):
        assert self.accessible.queryEditableText().setTextContents(text), f"{self.name!r} can't be written to"

    def place(self):
        """x, y, width, height on the screen."""
        return tuple(self.accessible.queryComponent().getExtents(pyatspi.DESKTOP_COORDS))

    def middle(self):
        """x, y on the screen."""
        x, y, width, height = self.place()
        return x + width // 2, y + height // 2

    def describe(self, depth=0):
        """The tree below as lines, for a person who wants to know why a test failed."""
        line = f"{'  ' * depth}{self.role} {self.name!r}"
        return "\n".join([line, *(child.describe(depth + 1) for child in self.children())])


def look(asks):
    """What `asks()` returns, or None when something that it asked was gone by then."""
    try:
        return asks()
    except (GLib.Error, LookupError, NotImplementedError, RuntimeError):
        return None


def applications():
    """Every accessible application, as it is now: libatspi keeps what it once saw."""
    desktop = pyatspi.Registry.getDesktop(0)
    desktop.clear_cache()
    return Node(desktop).children()


def application(process_id):
    """The accessible application of a process, or None."""
    return next((node for node in applications() if node.process_id == process_id), None)


def wait_for(what, root, find):
    """Waits until `find(root())` is true, and returns it. `root` says where to look, afresh each time."""

    def seen():
        node = look(root)
        return look(lambda: find(node)) if node else None

    return until(what, seen)
