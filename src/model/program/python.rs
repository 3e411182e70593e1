//! Python that does with its `socket` module what this program would do.

mod literal;
mod options;
mod script;
mod socket;

use self::script::Script;
use self::socket::{Manner, Place, Transport};
use super::Recipe;
use crate::model::{AddressForm, Respond, SocketOption, UnixName};

/// The recipe as a program.
pub(super) fn write(recipe: &Recipe<'_>) -> String {
    let writer = Writer { recipe, transport: Transport::of(recipe.target) };
    let mut script = Script::default();
    writer.imports(&mut script);
    writer.constants(&mut script);
    writer.functions(&mut script);
    if recipe.is_server() {
        writer.server(&mut script);
    } else {
        writer.client(&mut script);
    }
    script.finish()
}

struct Writer<'a> {
    recipe: &'a Recipe<'a>,
    transport: Transport,
}

/// Shows text as text and what is none as escapes.
const SHOWN: &str = "data.decode(errors=\"backslashreplace\")";

impl Writer<'_> {
    fn imports(&self, script: &mut Script) {
        let accepts = self.recipe.is_server() && self.transport.manner == Manner::Connections;
        let modules = [
            (
                "os",
                self.path().is_some() || matches!(&self.transport.place, Place::Open(number) if number.contains("os.")),
            ),
            ("socket", true),
            ("stat", self.path().is_some()),
            ("struct", options::need_struct(self.recipe)),
            ("threading", accepts),
        ];
        for (module, needed) in modules {
            if needed {
                script.line(format!("import {module}"));
            }
        }
    }

    fn constants(&self, script: &mut Script) {
        let values = [("MESSAGE", self.recipe.message()), ("REPLY", self.recipe.reply())];
        let values: Vec<_> = values.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        if values.is_empty() && self.path().is_none() {
            return;
        }
        script.line("");
        for (name, value) in values {
            for line in literal::assignment(name, value) {
                script.line(line);
            }
        }
        if let Some(path) = self.path() {
            script.line(format!("PATH = {path}"));
        }
    }

    /// A server's name in the file system, which outlives it.
    fn path(&self) -> Option<&str> {
        let is_path = matches!(self.recipe.target.endpoint.unix_name(), Some(UnixName::Path(_)));
        match &self.transport.place {
            Place::Known { address, .. } if is_path && self.recipe.is_server() => Some(address),
            _ => None,
        }
    }

    fn functions(&self, script: &mut Script) {
        let is_named = matches!(self.transport.place, Place::Named(_));
        let accepts = self.recipe.is_server() && self.transport.manner == Manner::Connections;
        if self.path().is_some() {
            script.gap();
            self.remove_stale(script);
        }
        if is_named {
            script.gap();
            self.opened(script);
        }
        if accepts {
            script.gap();
            self.serve(script);
        }
        if self.path().is_some() || is_named || accepts { script.gap() } else { script.line("") }
    }

    fn remove_stale(&self, script: &mut Script) {
        script.block("def remove_stale(path):", |script| {
            script.line("\"\"\"Removes a socket's file that nobody listens behind any more.\"\"\"");
            script.block("try:", |script| {
                script.block("if not stat.S_ISSOCK(os.lstat(path).st_mode):", |script| script.line("return"));
                let probe = self.transport.call("socket.AF_UNIX");
                script.block(format!("with {probe} as probe:"), |script| script.line("probe.connect(path)"));
            });
            script.block("except FileNotFoundError:", |script| script.line("pass"));
            script.block("except ConnectionRefusedError:", |script| script.line("os.unlink(path)"));
        });
    }

    /// A name may have several addresses, of both families.
    fn opened(&self, script: &mut Script) {
        let Place::Named(address) = &self.transport.place else { return };
        let done = if self.recipe.is_server() { "bound" } else { "reached" };
        script.block("def opened():", |script| {
            script.line(format!("\"\"\"A socket for the first address of the name that can be {done}.\"\"\""));
            script.line("failure = None");
            let (host, port, kind) = (literal::text(&address.host), address.port, self.transport.kind);
            let wanted = match self.recipe.local_host.map(|host| host.contains(':')) {
                Some(true) => "socket.AF_INET6, ",
                Some(false) => "socket.AF_INET, ",
                None => "",
            };
            script.line(format!("addresses = socket.getaddrinfo({host}, {port}, {wanted}type=socket.{kind})"));
            script.block("for family, _, _, _, address in addresses:", |script| {
                let name = self.name();
                script.line(format!("{name} = {}", self.transport.call("family")));
                script.block("try:", |script| {
                    self.prepare(script, "address");
                    script.line(if self.keeps_peer() {
                        format!("return {name}, address")
                    } else {
                        format!("return {name}")
                    });
                });
                script.block("except OSError as error:", |script| {
                    script.line(format!("{name}.close()"));
                    script.line("failure = failure or error");
                });
            });
            script.line("raise failure");
        });
    }

    fn name(&self) -> &'static str {
        if self.recipe.is_server() { "server" } else { "client" }
    }

    /// Whether a client names its peer in each send.
    fn keeps_peer(&self) -> bool {
        !self.recipe.is_server()
            && match self.transport.manner {
                Manner::Routed => true,
                Manner::Datagrams => !self.recipe.connected,
                Manner::Connections | Manner::Bus | Manner::ConnectedBus => false,
            }
    }

    /// Sets the options, and binds or connects; `address` is an expression.
    fn prepare(&self, script: &mut Script, address: &str) {
        let (name, manner) = (self.name(), self.transport.manner);
        options::write(script, self.recipe, name, self.transport.family());
        if manner == Manner::Bus {
            // CAN FD's frames too, where the interface has them, and what its controller reports.
            script.line(format!("{name}.setsockopt(socket.SOL_CAN_RAW, socket.CAN_RAW_FD_FRAMES, 1)"));
            // Python has no name for this one.
            let errors = "socket.SOL_CAN_RAW, 2, socket.CAN_ERR_MASK";
            script.line(format!("{name}.setsockopt({errors})  # CAN_RAW_ERR_FILTER"));
        }
        if self.recipe.is_server() {
            let call = if manner == Manner::ConnectedBus { "connect" } else { "bind" };
            script.line(format!("{name}.{call}({address})"));
            return;
        }
        self.bind_client(script, address);
        match manner {
            Manner::Bus => script.line(format!("{name}.bind({address})")),
            Manner::Connections | Manner::ConnectedBus => script.line(format!("{name}.connect({address})")),
            Manner::Datagrams | Manner::Routed if self.keeps_peer() => {}
            Manner::Datagrams | Manner::Routed => script.line(format!("{name}.connect({address})")),
        }
    }

    /// Binds a client to what was asked for, or to what lets it be answered.
    fn bind_client(&self, script: &mut Script, address: &str) {
        let (host, port) = (self.recipe.local_host, self.recipe.local_port);
        let local = |host: &str| format!("({}, {})", literal::text(host), port.unwrap_or(0));
        let endpoint = &self.recipe.target.endpoint;
        match (self.transport.manner, host) {
            (Manner::Routed, None) => {
                // Looks the route up and sends nothing.
                script.block("with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as route:", |script| {
                    script.line(format!("route.connect({address})"));
                    script.line("source = route.getsockname()[0]");
                });
                script.line(format!("client.bind((source, {}))", port.unwrap_or(0)));
            }
            _ if endpoint.protocol().address_form() == AddressForm::Path => {
                if self.transport.manner == Manner::Datagrams {
                    // The system chooses an abstract name, which the other end answers to.
                    script.line("client.bind(\"\")");
                }
            }
            _ if !endpoint.protocol().is_over_ip() => {}
            (_, Some(host)) => script.line(format!("client.bind({})", local(host))),
            (_, None) if port.is_some() => script.line(format!("client.bind({})", local(""))),
            (_, None) => {}
        }
    }

    /// Opens the socket, and does the rest with it while it is open.
    fn with_socket(&self, script: &mut Script, body: impl FnOnce(&mut Script)) {
        let name = self.name();
        match &self.transport.place {
            Place::Named(_) if self.keeps_peer() => {
                script.line("client, peer = opened()");
                script.block("with client:", body);
            }
            Place::Named(_) => script.block(format!("with opened() as {name}:"), body),
            Place::Open(number) => {
                script.block(format!("with socket.socket(fileno={number}) as {name}:"), |script| {
                    if options::depend_on_family(self.recipe) {
                        script.line(format!("family = {name}.family"));
                    }
                    options::write(script, self.recipe, name, self.transport.family());
                    body(script);
                });
            }
            Place::Known { family, address } => {
                let call = self.transport.call(&format!("socket.{family}"));
                script.block(format!("with {call} as {name}:"), |script| {
                    if self.path().is_some() {
                        script.line("remove_stale(PATH)");
                    }
                    let address = if self.path().is_some() {
                        "PATH"
                    } else if self.keeps_peer() {
                        script.line(format!("peer = {address}"));
                        "peer"
                    } else {
                        address
                    };
                    self.prepare(script, address);
                    body(script);
                });
            }
        }
    }

    fn server(&self, script: &mut Script) {
        self.with_socket(script, |script| {
            if self.transport.manner == Manner::Connections {
                script.line(format!("server.listen({})", self.recipe.backlog()));
            }
            let asks_for_peers = matches!(self.transport.manner, Manner::Datagrams | Manner::Routed);
            if self.recipe.message().is_some() {
                match self.transport.manner {
                    Manner::Connections => {}
                    Manner::Datagrams | Manner::Routed => script.line("greeted = set()"),
                    Manner::Bus | Manner::ConnectedBus => script.line("server.send(MESSAGE)"),
                }
            }
            script.block("try:", |script| {
                // Within: who reads it may interrupt at once.
                script.line("print(\"listening on\", server.getsockname(), flush=True)");
                script.block("while True:", |script| match self.transport.manner {
                    Manner::Connections => {
                        script.line("connection, peer = server.accept()");
                        script.line("threading.Thread(target=serve, args=(connection, peer), daemon=True).start()");
                    }
                    _ if asks_for_peers => self.answer_peers(script),
                    _ => self.answer_bus(script),
                });
            });
            script.block("except KeyboardInterrupt:", |script| script.line("pass"));
            if self.path().is_some() {
                script.block("finally:", |script| script.line("os.unlink(PATH)"));
            }
        });
    }

    /// One connection, in a thread of its own.
    fn serve(&self, script: &mut Script) {
        script.block("def serve(connection, peer):", |script| {
            script.line("print(\"accepted\", peer, flush=True)");
            script.block("try:", |script| {
                script.block("with connection:", |script| {
                    if self.recipe.message().is_some() {
                        script.line("connection.sendall(MESSAGE)");
                    }
                    script.block("while True:", |script| {
                        script.line(format!("data = connection.recv({})", self.recipe.receive_size()));
                        script.block("if not data:", |script| script.line("break"));
                        script.line(format!("print(peer, {SHOWN}, flush=True)"));
                        if let Some(answer) = self.answer() {
                            script.line(format!("connection.sendall({answer})"));
                        }
                    });
                });
                script.line("print(\"closed\", peer, flush=True)");
            });
            script.block("except OSError as error:", |script| script.line("print(peer, error, flush=True)"));
        });
    }

    /// The expression for what is sent back, where anything is.
    fn answer(&self) -> Option<&'static str> {
        match self.recipe.respond {
            Respond::Echo => Some("data"),
            Respond::Reply(_) => self.recipe.reply().map(|_| "REPLY"),
            Respond::Nothing => None,
        }
    }

    fn answer_peers(&self, script: &mut Script) {
        script.line(format!("data, peer = server.recvfrom({})", self.recipe.receive_size()));
        script.line(format!("print(peer, {SHOWN}, flush=True)"));
        let may_be_unnamed = self.recipe.target.endpoint.unix_name().is_some();
        let greets = self.recipe.message().is_some();
        let answer = self.answer();
        if may_be_unnamed && (greets || answer.is_some()) {
            // A sender that bound no name can't be answered.
            script.block("if not peer:", |script| script.line("continue"));
        }
        if greets {
            script.block("if peer not in greeted:", |script| {
                script.line("greeted.add(peer)");
                script.line("server.sendto(MESSAGE, peer)");
            });
        }
        if let Some(answer) = answer {
            script.line(format!("server.sendto({answer}, peer)"));
        }
    }

    fn answer_bus(&self, script: &mut Script) {
        script.line(format!("data = server.recv({})", self.recipe.receive_size()));
        script.line("print(data.hex(\" \"), flush=True)");
        if let Some(answer) = self.answer() {
            script.line(format!("server.send({answer})"));
        }
    }

    fn client(&self, script: &mut Script) {
        let (manner, size) = (self.transport.manner, self.recipe.receive_size());
        self.with_socket(script, |script| {
            if self.recipe.message().is_some() {
                script.line(if self.keeps_peer() {
                    "client.sendto(MESSAGE, peer)"
                } else if manner == Manner::Connections {
                    "client.sendall(MESSAGE)"
                } else {
                    "client.send(MESSAGE)"
                });
                // As long as this program waits for the rest of an answer.
                script.line("client.settimeout(1)");
            }
            script.block("try:", |script| {
                script.block("while True:", |script| match manner {
                    Manner::Connections => {
                        script.line(format!("data = client.recv({size})"));
                        script.block("if not data:", |script| script.line("break"));
                        script.line(format!("print({SHOWN}, flush=True)"));
                    }
                    Manner::Bus | Manner::ConnectedBus => {
                        script.line(format!("data = client.recv({size})"));
                        script.line("print(data.hex(\" \"), flush=True)");
                    }
                    Manner::Datagrams | Manner::Routed => {
                        script.line(format!("data, peer = client.recvfrom({size})"));
                        script.line(format!("print(peer, {SHOWN}, flush=True)"));
                    }
                });
            });
            // The name that TimeoutError has in every version.
            let end = if self.recipe.message().is_some() {
                "(socket.timeout, KeyboardInterrupt)"
            } else {
                "KeyboardInterrupt"
            };
            script.block(format!("except {end}:"), |script| script.line("pass"));
        });
    }
}

impl Recipe<'_> {
    /// As [`SocketOption::ReceiveSize`] has it.
    fn receive_size(&self) -> u32 {
        self.target.options.number(SocketOption::ReceiveSize).unwrap_or(64 << 10)
    }

    /// As [`SocketOption::Backlog`] has it.
    fn backlog(&self) -> u32 {
        self.target.options.number(SocketOption::Backlog).unwrap_or(4096)
    }
}
