"""A desktop of its own for one test: X server, window manager, accessibility bus. Runs inside dbus-run-session."""
import os
import subprocess

from gi.repository import Gio, GLib

from driver.waiting import until

# Numbers that nobody gives to a display by hand.
FIRST_DISPLAY, DISPLAYS = 1000, 50_000
# Seconds for a server to end when it is asked to.
ENDS_WITHIN = 5


class Desktop:
    """Use as a context; everything that it started ends with it."""

    def __init__(self, width=1440, height=900):
        self.size = (width, height)
        self.processes = []

    def __enter__(self):
        try:
            self.begin()
        except BaseException:
            self.__exit__()
            raise
        return self

    def begin(self):
        self.start_display()
        self.start("openbox")
        # Programs that the bus starts have its environment, which is from before there was a display.
        subprocess.run(["dbus-update-activation-environment", "--all"], check=True)
        self.enable_accessibility()
        until("the window manager runs", self.has_window_manager)

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.terminate()
            try:
                process.wait(ENDS_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def start(self, *command, **options):
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **options)
        self.processes.append(process)
        return process

    def start_display(self):
        """The server tells its number once it takes connections.

        It could pick the lowest free one, which is also what the others on this machine do: one of them that ends can
        then take this one's socket along.
        """
        width, height = self.size
        display = f":{FIRST_DISPLAY + os.getpid() % DISPLAYS}"
        ready, tell = os.pipe()
        screen = ["-screen", "0", f"{width}x{height}x24"]
        # Without "-noreset" the first program that goes, while it is alone, makes it begin anew and refuse others.
        options = ["-displayfd", str(tell), "-nolisten", "tcp", "-noreset"]
        self.start("Xvfb", display, *options, *screen, pass_fds=[tell])
        os.close(tell)
        with os.fdopen(ready) as pipe:
            number = pipe.readline().strip()
        assert f":{number}" == display, "Xvfb did not start"
        os.environ["DISPLAY"] = display

    def enable_accessibility(self):
        """Programs show their controls only when somebody says that a tool wants them."""
        bus = Gio.bus_get_sync(Gio.BusType.SESSION)
        value = GLib.Variant("(ssv)", ("org.a11y.Status", "IsEnabled", GLib.Variant("b", True)))
        bus.call_sync(
            "org.a11y.Bus", "/org/a11y/bus", "org.freedesktop.DBus.Properties", "Set", value,
            None, Gio.DBusCallFlags.NONE, 20_000, None,
        )

    def has_window_manager(self):
        words = subprocess.run(["xprop", "-root", "_NET_SUPPORTING_WM_CHECK"], capture_output=True, text=True)
        return "window id" in words.stdout


def xdotool(*arguments):
    """Runs xdotool and returns what it prints."""
    command = ["xdotool", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def press(*keys):
    """Presses keys by their X names, modifiers joined by plus signs, in the window that has the keyboard."""
    xdotool("key", "--clearmodifiers", *keys)


def type_text(text):
    """Types through the X server: only what the keyboard has, others would need a new keyboard for each of them."""
    xdotool("type", "--clearmodifiers", "--delay", 30, "--", text)


def put_on_clipboard(text):
    """Makes another program own the clipboard, until somebody else does."""
    subprocess.run(["xclip", "-selection", "clipboard"], input=text.encode(), check=True, stdout=subprocess.DEVNULL)


def picture(file, window="root"):
    """A picture of the whole screen or of one window's inside."""
    subprocess.run(["import", "-window", window, str(file)], check=True)
