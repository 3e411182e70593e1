"""Listen, connect, and say hello both ways: set by a screen reader, typed, and pasted."""
from driver.desktop import Desktop, press, put_on_clipboard, type_text
from driver.window import Window

with Desktop(), Window() as window:
    window.find("the window's name", lambda node: node.role == "frame" and node.name == "Sockeye")
    server, client = window.server, window.client
    port = window.listen()
    window.connect(port)
    server.says(rf"^Listening on 127\.0\.0\.1:{port} · 1 client$")

    client.blocked("Send")
    client.set("Message", "你好")
    client.click("Send")
    window.row("sent", "你好", "6")
    window.row("received", "你好", "6")
    client.shows("Message", "")

    server.set("Message", "不好")
    server.click("Send")
    window.row("sent", "不好", "6")
    window.row("received", "不好", "6")

    window.take_keyboard()
    client.focus("Message")
    type_text("typed, by key")
    client.shows("Message", "typed, by key")
    client.click("Send")
    window.row("received", "typed, by key", "13")

    put_on_clipboard("pasted 粘贴")
    server.focus("Message")
    press("ctrl+v")
    server.shows("Message", "pasted 粘贴")
    server.click("Send")
    window.row("received", "pasted 粘贴", "13")

    client.click("Disconnect")
    client.control("Connect")
    server.says(rf"^Listening on 127\.0\.0\.1:{port}$")
    server.click("Stop listening")
    server.control("Start listening")
