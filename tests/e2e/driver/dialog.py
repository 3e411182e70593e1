"""The system's own file dialog, which a program of the desktop portal shows."""
import subprocess

from driver import tree
from driver.desktop import press, type_text, xdotool
from driver.waiting import until

SHOWN_BY = "xdg-desktop-portal-gtk"


class FileDialog:
    def __init__(self, title):
        """Waits until it is there and has the keyboard."""
        self.id = xdotool("search", "--sync", "--onlyvisible", "--name", f"^{title}$")
        xdotool("windowactivate", "--sync", self.id)

    def is_above(self, window):
        """Waits until it belongs to that window, which then stays below and takes no input."""
        until("it belongs to the window", lambda: f"window id # {int(window.id):#x}\n" in self.says("WM_TRANSIENT_FOR"))
        until("it is modal", lambda: "_NET_WM_STATE_MODAL" in self.says("_NET_WM_STATE"))

    def says(self, name):
        """What it tells the window manager of itself."""
        return subprocess.run(["xprop", "-id", self.id, name], check=True, capture_output=True, text=True).stdout

    def root(self):
        return next((node for node in tree.applications() if node.name == SHOWN_BY), None)

    def find(self, what, fits):
        return tree.wait_for(what, self.root, lambda root: next(filter(fits, root.all()), None))

    def pick(self, path):
        """Types the path of a file and takes it."""
        # A slash makes a place to type a path appear, which takes its time.
        press("slash")
        self.find("a place for a path", lambda node: node.role == "text" and node.text == "/")
        type_text(str(path)[1:])
        self.find(f"{path}", lambda node: node.role == "text" and node.text == str(path))
        press("Return")

    def name(self, path):
        """Types the path of a file to be written, over the name that is proposed, and takes it."""
        self.find("a proposed name", lambda node: node.role == "text" and node.focused and node.text)
        press("ctrl+a")
        type_text(str(path))
        self.find(f"{path}", lambda node: node.role == "text" and node.text == str(path))
        press("Return")
