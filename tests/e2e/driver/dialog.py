"""The system's own file dialog, which a program of the desktop portal shows."""
import subprocess
import time

from driver import tree
from driver.desktop import press, type_text, xdotool
from driver.waiting import until

# Seconds between two tries to make a place for a path appear.
SLASH_AGAIN = 3.0
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
        """Types the path of a file or a folder and takes it."""
        # A slash makes a place to type a path appear, which takes its time. One that came before the dialog had the keyboard
        # is lost.
        pressed = -SLASH_AGAIN

        def place(root):
            nonlocal pressed
            found = next((node for node in root.all() if node.role == "text" and set(node.text or "") == {"/"}), None)
            if not found and time.monotonic() - pressed >= SLASH_AGAIN:
                press("slash")
                pressed = time.monotonic()
            return found

        tree.wait_for("a place for a path", self.root, place)
        press("ctrl+a")
        type_text(str(path))
        # The dialog ends what is a folder with a slash.
        self.find(f"{path}", lambda node: node.role == "text" and (node.text or "").rstrip("/") == str(path))
        press("Return")

    def name(self, path):
        """Types the path of a file to be written, over the name that is proposed, and takes it."""
        self.find("a proposed name", lambda node: node.role == "text" and node.focused and node.text)
        press("ctrl+a")
        type_text(str(path))
        self.find(f"{path}", lambda node: node.role == "text" and node.text == str(path))
        press("Return")
