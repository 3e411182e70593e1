"""The system's own file dialog, which a program of the desktop portal shows."""
from driver import tree
from driver.desktop import press, type_text, xdotool

SHOWN_BY = "xdg-desktop-portal-gtk"


class FileDialog:
    def __init__(self, title):
        """Waits until it is there and has the keyboard."""
        self.id = xdotool("search", "--sync", "--onlyvisible", "--name", f"^{title}$")
        xdotool("windowactivate", "--sync", self.id)

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
