"""Everything by keyboard alone: from the first Tab to a sent message of two lines."""
from driver.desktop import Desktop, press, type_text
from driver.window import Window

with Desktop(), Window() as window:
    server, client = window.server, window.client
    window.take_keyboard()

    window.tab_to(server, "Port")
    press("ctrl+a")
    type_text("0")
    press("Return")
    port = int(server.says(r"^Listening on .*:(\d+)").group(1))

    window.tab_to(client, "Port")
    press("ctrl+a")
    type_text(port)
    window.tab_to(client, "Connect")
    press("space")
    client.control("Disconnect")

    window.tab_to(client, "Message")
    type_text("first line")
    press("shift+Return")
    client.shows("Message", "first line\n")
    type_text("second line")
    press("Return")
    window.row("received", "22", "first line␊second line")
    client.shows("Message", "")
    # The history is at the arrow key.
    press("Up")
    client.shows("Message", "first line\nsecond line")

    window.tab_to(server, "Message")
    type_text("answer")
    window.tab_to(server, "Send")
    press("Return")
    window.row("received", "6", "answer")
