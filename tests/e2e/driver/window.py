"""Sockeye's window, found and used as a person with a screen reader, a keyboard and a mouse would."""
import os
import re
import shutil
import subprocess
import time

from driver import tree
from driver.desktop import picture, press, xdotool
from driver.waiting import until

# How long a closed window may take to end its process before the test gives up on it.
ENDS_WITHIN = 10.0
# More presses of Tab than the window has places for the keyboard.
TABS_MAX = 80
# What the options of a list are, in the accessible tree.
OPTION_ROLES = ("toggle button", "push button", "list item")


class Panel:
    """A named group, such as the one of the server."""

    def __init__(self, window, name):
        self.window = window
        self.name = name

    def find(self, what, fits):
        """Waits for a node in this group that fits."""

        def search(root):
            group = next((node for node in root.all() if node.role == "panel" and node.name == self.name), None)
            return group and next((node for node in group.all() if fits(node)), None)

        return tree.wait_for(f"{what} in {self.name}", self.window.root, search)

    def control(self, name):
        """The control of that name, once it can be used."""
        return self.find(name, lambda node: node.name == name and node.role != "label" and node.enabled)

    def blocked(self, name):
        """The control of that name, once it can't be used."""
        return self.find(f"{name}, disabled", lambda node: node.name == name and not node.enabled)

    def click(self, name):
        self.control(name).click()

    def set(self, name, text):
        """Replaces the text of a field, and waits until it shows."""
        self.control(name).set_text(text)
        self.shows(name, text)

    def shows(self, name, text):
        """Waits until a field has that text."""
        self.find(f"{name} {text!r}", lambda node: node.name == name and node.role == "entry" and node.text == text)

    def focus(self, name):
        """Gives a control the keyboard."""
        self.control(name).focus()
        self.has_focus(name)

    def has_focus(self, name):
        self.find(f"{name}, focused", lambda node: node.name == name and node.focused)

    def choose(self, name, option):
        """Opens a list and takes one of its options."""
        self.click(name)
        self.window.find(option, lambda node: node.role in OPTION_ROLES and node.name == option).click()
        self.window.gone("list box", lambda node: node.role == "list box")

    def save_incoming(self, folder, way="Save as a file"):
        """Has it save what it receives into a folder."""
        self.click("More")
        self.choose("Incoming data", way)
        self.set("Folder", str(folder))
        # Open, it leaves the journal few rows to be seen.
        self.click("More")

    def says(self, pattern):
        """Waits for a label that the pattern is found in; returns the match."""
        label = self.find(pattern, lambda node: node.role == "label" and re.search(pattern, node.name))
        return re.search(pattern, label.name)


class JournalLength:
    """The label with the number of rows. To be found before a flood: in one, the tree changes while it is searched."""

    WORDS = re.compile(r"([\d,]+) rows?")

    def __init__(self, label):
        self.label = label

    def rows(self):
        """The number, or 0 where it can't be told at the moment."""
        words = self.WORDS.fullmatch(tree.look(lambda: self.label.name_now) or "")
        return int(words.group(1).replace(",", "")) if words else 0

    def reaches(self, at_least):
        until(f"{at_least} rows", lambda: self.rows() >= at_least)


class Window:
    """The running program. Use as a context; it is killed at the end unless it was closed."""

    def __init__(self, **environment):
        self.program = os.environ["SOCKEYE"]
        self.environment = environment
        self.server = Panel(self, "Server")
        self.client = Panel(self, "Client")

    def __enter__(self):
        environment = {**os.environ, **self.environment}
        self.process = subprocess.Popen([self.program], stdin=subprocess.DEVNULL, env=environment)
        try:
            self.server.control("Start listening")
            self.id = xdotool("search", "--sync", "--onlyvisible", "--pid", self.process.pid, "--name", "Sockeye")
        except BaseException:
            self.process.kill()
            raise
        return self

    def __exit__(self, kind, *_):
        if kind is not None and self.process.poll() is None:
            self.tell_why()
        self.process.kill()
        self.process.wait()

    def tell_why(self):
        """For a person who wants to know why a test failed."""
        print(tree.look(lambda: self.root().describe()) or "no controls", flush=True)
        if (file := os.environ.get("SOCKEYE_E2E_PICTURE")) and shutil.which("import"):
            picture(file)

    def root(self):
        """The accessible application, or None before there is one."""
        return tree.application(self.process.pid)

    def find(self, what, fits):
        """Waits for a node anywhere in the window that fits."""
        return tree.wait_for(what, self.root, lambda root: next((n for n in root.all() if fits(n)), None))

    def gone(self, what, fits):
        """Waits until no node fits."""
        tree.wait_for(f"no more {what}", self.root, lambda root: not any(fits(node) for node in root.all()))

    def button(self, name):
        return self.find(name, lambda node: node.name == name and node.enabled and node.role != "label")

    def click(self, name):
        self.button(name).click()

    def set(self, name, text):
        """Replaces the text of a field that is in no panel, such as one in a popup."""
        self.find(name, lambda node: node.name == name and node.role == "entry" and node.enabled).set_text(text)
        self.find(f"{name} {text!r}", lambda node: node.name == name and node.role == "entry" and node.text == text)

    def with_keyboard(self, besides=None):
        """Waits until something has the keyboard, other than what is at the place `besides`; returns it."""

        def search(root):
            return next((n for n in root.all() if n.focused and n.role != "frame" and n.place() != besides), None)

        return tree.wait_for("something that has the keyboard", self.root, search)

    def tab_to(self, panel, name):
        """Presses Tab until a control of a panel has the keyboard."""
        at = None
        for _ in range(TABS_MAX):
            press("Tab")
            node = self.with_keyboard(besides=at)
            if node.name == name and node.is_in("panel", panel.name):
                return
            at = node.place()
        raise AssertionError(f"{TABS_MAX} times Tab did not lead to {name} in {panel.name}")

    def row(self, *patterns):
        """Waits for a visible row of the journal that has, for each pattern, a cell that matches all of it."""

        def fits(row):
            cells = [cell.name for cell in row.children()]
            return all(any(re.fullmatch(pattern, cell) for cell in cells) for pattern in patterns)

        def search(root):
            journal = next(node for node in root.all() if node.role == "table" and node.name == "Journal")
            return next(filter(fits, journal.children()), None)

        return tree.wait_for(f"a row with {patterns}", self.root, search)

    def journal_length(self):
        """What says how many rows the journal has."""
        return JournalLength(self.find("N rows", lambda n: n.role == "label" and JournalLength.WORDS.fullmatch(n.name)))

    def take_keyboard(self):
        """Makes it the window that keys go to."""
        xdotool("windowactivate", "--sync", self.id)

    def listen(self, protocol=None):
        """Starts listening on any free port; returns it. Without a protocol, the one that is chosen."""
        if protocol:
            self.server.choose("Protocol", protocol)
        self.server.set("Port", "0")
        self.server.click("Start listening")
        return int(self.server.says(r"^Listening on .*:(\d+)").group(1))

    def connect(self, port, protocol=None):
        """Connects the client to a port of this machine. Without a protocol, by the one that is chosen."""
        if protocol:
            self.client.choose("Protocol", protocol)
        self.client.set("Port", str(port))
        self.client.click("Connect")
        self.client.control("Disconnect")

    def place(self):
        """x, y, width, height of the window's inside on the screen."""
        words = xdotool("getwindowgeometry", "--shell", self.id)
        values = dict(line.split("=") for line in words.splitlines())
        return tuple(int(values[name]) for name in ("X", "Y", "WIDTH", "HEIGHT"))

    def close(self):
        """Closes it as its frame's button does; returns exit code and seconds until the process had ended."""
        begun = time.monotonic()
        subprocess.run(["wmctrl", "-i", "-c", hex(int(self.id))], check=True)
        code = self.process.wait(ENDS_WITHIN)
        return code, time.monotonic() - begun
