"""A program whose window offers a file to be dragged away: drag_source.py FILE. Its title tells how far that is."""
import sys
from pathlib import Path

import gi

gi.require_version("Gdk", "3.0")
gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, Gtk

WIDTH, HEIGHT = 160, 90
NOTHING = Gdk.DragAction(0)


def main(file):
    window = Gtk.Window(title="Drag source, ready")
    handle = Gtk.EventBox()
    handle.add(Gtk.Label(label=file.name))
    handle.drag_source_set(Gdk.ModifierType.BUTTON1_MASK, [], Gdk.DragAction.COPY)
    handle.drag_source_add_uri_targets()

    def tell(_context, action):
        window.set_title("Drag source, refused" if action == NOTHING else "Drag source, accepted")

    def begin(_handle, context):
        window.set_title("Drag source, dragged")
        # What is below the pointer has answered.
        context.connect("action-changed", tell)

    handle.connect("drag-begin", begin)
    handle.connect("drag-data-get", lambda _handle, _context, data, *_: data.set_uris([file.as_uri()]))
    handle.connect("drag-end", lambda *_: window.set_title("Drag source, ready"))
    window.add(handle)
    window.set_default_size(WIDTH, HEIGHT)
    window.connect("destroy", Gtk.main_quit)
    window.show_all()
    Gtk.main()


main(Path(sys.argv[1]))
