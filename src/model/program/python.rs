//! Python that does with its `socket` module what this program would do.

mod adopted;
mod browser;
mod coming_back;
mod files;
mod groups;
mod hosts;
mod interface;
mod literal;
mod options;
mod own_address;
mod recipients;
mod script;
mod server;
mod socket;
mod web_socket;

use self::interface::Interfaces;
use self::options::Call;
use self::script::Script;
use self::socket::{Manner, Place, Transport};
use super::{Obstacle, Recipe};
use crate::model::{AddressForm, HostPort, IpVersion, SocketOption, UnixName};

/// The recipe as a program.
///
/// # Errors
/// What is not written down.
pub(super) fn write(recipe: &Recipe<'_>) -> Result<String, Obstacle> {
    let transport = Transport::of(recipe);
    let (name, mut interfaces) = (name(recipe), Interfaces::default());
    let options = options::calls(recipe, name, transport.known(), &mut interfaces)?;
    let joins = groups::joins(recipe, name, &mut interfaces)?;
    let writer = Writer { recipe, transport, name, options, joins, interfaces };
    let mut script = Script::default();
    writer.imports(&mut script);
    writer.constants(&mut script);
    writer.functions(&mut script);
    if recipe.is_server() {
        writer.server(&mut script);
    } else {
        writer.client(&mut script);
    }
    Ok(script.finish())
}

struct Writer<'a> {
    recipe: &'a Recipe<'a>,
    transport: Transport,
    /// Of the variable that holds the socket.
    name: &'static str,
    options: Vec<Call>,
    /// Lines that join groups.
    joins: Vec<String>,
    interfaces: Interfaces,
}

fn name(recipe: &Recipe<'_>) -> &'static str {
    if recipe.is_server() { "server" } else { "client" }
}

/// The line that keeps what a link's socket sends itself from it. Python has no names for these.
fn ignore_outgoing(name: &str) -> String {
    format!("{name}.setsockopt(263, 23, 1)  # SOL_PACKET, PACKET_IGNORE_OUTGOING")
}

/// Shows text as text and what is none as escapes.
const SHOWN: &str = "data.decode(errors=\"backslashreplace\")";

impl Writer<'_> {
    fn imports(&self, script: &mut Script) {
        let opens_descriptor = matches!(&self.transport.place, Place::Open(number) if number.contains("os."));
        let packs =
            self.options.iter().any(Call::needs_struct) || !self.joins.is_empty() || self.interfaces.need_fcntl();
        let mut modules: Vec<_> = [
            ("collections", self.may_hear_itself()),
            ("fcntl", self.interfaces.need_fcntl()),
            ("os", self.accepts() || self.path().is_some() || opens_descriptor),
            ("socket", true),
            ("stat", self.path().is_some()),
            ("struct", packs),
            ("threading", self.accepts()),
        ]
        .into_iter()
        .filter_map(|(module, needed)| needed.then_some(module))
        .collect();
        if self.recipe.shown().is_some() {
            modules.extend(browser::modules(self.recipe));
        }
        if self.recipe.folder().is_some() {
            modules.extend(files::modules(self.recipe));
        }
        modules.sort_unstable();
        modules.dedup();
        modules.iter().for_each(|module| script.line(format!("import {module}")));
    }

    /// Whether there is a function for each connection.
    fn accepts(&self) -> bool {
        self.recipe.is_server() && matches!(self.transport.manner, Manner::Connections | Manner::Adopted)
    }

    fn constants(&self, script: &mut Script) {
        let mut lines = Vec::new();
        for (name, value) in [("MESSAGE", self.recipe.message()), ("REPLY", self.recipe.reply())] {
            lines.extend(value.into_iter().flat_map(|value| literal::assignment(name, value)));
        }
        lines.extend(self.recipients().map(recipients::constant).into_iter().flatten());
        lines.extend(self.recipe.shown().into_iter().flat_map(browser::constants));
        lines.extend(self.path().map(|path| format!("PATH = {path}")));
        lines.extend(self.recipe.folder().into_iter().flat_map(|folder| files::constants(self.recipe, folder)));
        if !lines.is_empty() {
            script.line("");
        }
        lines.iter().for_each(|line| script.line(line));
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
        self.interfaces.functions(script);
        if self.path().is_some() {
            script.gap();
            Self::remove_stale(script);
        }
        if is_named {
            script.gap();
            self.opened(script);
        }
        if self.may_hear_itself() {
            script.gap();
            self.comes_back(script);
        }
        if let Some(version) = self.names_own_address() {
            script.gap();
            Self::from_asked(script, version);
        }
        if self.recipe.folder().is_some() {
            files::functions(script, self.recipe);
        }
        match self.recipe.shown() {
            Some(content) => browser::functions(script, self.recipe, content),
            None if self.accepts() => {
                script.gap();
                self.serve(script);
            }
            None => {}
        }
        let has_any = self.interfaces.are_looked_up() || self.path().is_some() || is_named || self.accepts();
        let has_any = has_any || self.may_hear_itself() || self.recipe.folder().is_some();
        let has_any = has_any || self.names_own_address().is_some();
        if has_any { script.gap() } else { script.line("") }
    }

    fn remove_stale(script: &mut Script) {
        script.block("def remove_stale(path):", |script| {
            script.line("\"\"\"Removes a socket's file that nobody has bound any more.\"\"\"");
            script.block("try:", |script| {
                script.block("if not stat.S_ISSOCK(os.lstat(path).st_mode):", |script| script.line("return"));
                script.line("# Bothers no listener: a socket of another type says that it is one.");
                script.block("with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe:", |script| {
                    script.line("probe.connect(path)");
                });
            });
            script.block("except ConnectionRefusedError:", |script| script.line("os.unlink(path)"));
            script.block("except OSError:", |script| script.line("pass  # Whether it is in the way, bind says."));
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
            let local =
                self.recipe.local_host.map(|host| if host.contains(':') { IpVersion::V6 } else { IpVersion::V4 });
            let wanted = match local.or_else(|| self.recipe.target.carried()?.version()) {
                Some(IpVersion::V6) => "socket.AF_INET6, ",
                Some(IpVersion::V4) => "socket.AF_INET, ",
                None => "",
            };
            script.line(format!("addresses = socket.getaddrinfo({host}, {port}, {wanted}type=socket.{kind})"));
            script.block("for family, _, _, _, address in addresses:", |script| {
                let name = self.name;
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

    /// Whether a client names its peer in each send.
    fn keeps_peer(&self) -> bool {
        !self.recipe.is_server()
            && match self.transport.manner {
                Manner::Routed | Manner::Link => true,
                Manner::Datagrams => {
                    let is_open = matches!(self.transport.place, Place::Open(_));
                    !self.recipe.connected && !is_open && self.recipe.recipients.is_empty()
                }
                Manner::Connections | Manner::Adopted | Manner::Bus | Manner::ConnectedBus => false,
            }
    }

    fn set_options(&self, script: &mut Script) {
        self.options.iter().for_each(|call| call.write(script));
    }

    /// Sets the options, and binds or connects; `address` is an expression.
    fn prepare(&self, script: &mut Script, address: &str) {
        let (name, manner) = (self.name, self.transport.manner);
        self.set_options(script);
        if manner == Manner::Bus {
            // CAN FD's frames too, where the interface has them, and what its controller reports.
            script.line(format!("{name}.setsockopt(socket.SOL_CAN_RAW, socket.CAN_RAW_FD_FRAMES, 1)"));
            // Python has no name for this one.
            let errors = "socket.SOL_CAN_RAW, 2, socket.CAN_ERR_MASK";
            script.line(format!("{name}.setsockopt({errors})  # CAN_RAW_ERR_FILTER"));
        }
        if manner == Manner::Link {
            script.line(ignore_outgoing(name));
        }
        if self.recipe.is_server() {
            self.ask_for_own_address(script);
            let call = if manner == Manner::ConnectedBus { "connect" } else { "bind" };
            script.line(format!("{name}.{call}({address})"));
            return;
        }
        self.bind_client(script, address);
        match manner {
            Manner::Bus => script.line(format!("{name}.bind({address})")),
            Manner::Connections | Manner::Adopted | Manner::ConnectedBus => {
                script.line(format!("{name}.connect({address})"));
            }
            Manner::Datagrams | Manner::Routed | Manner::Link if self.keeps_peer() => {}
            Manner::Datagrams if !self.recipe.is_connected() => {}
            Manner::Datagrams | Manner::Routed | Manner::Link => script.line(format!("{name}.connect({address})")),
        }
    }

    /// Binds a client to what was asked for, or to what lets it be answered.
    fn bind_client(&self, script: &mut Script, address: &str) {
        let (host, port) = (self.recipe.local_host, self.recipe.local_port);
        // With its interface's number, where it has one: Python takes it from there alone.
        let local = |host: &str| match Place::host(&HostPort::new(host, port.unwrap_or(0))) {
            Place::Known { address, .. } => address,
            Place::Named(_) | Place::Open(_) => format!("({}, {})", literal::text(host), port.unwrap_or(0)),
        };
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
            (Manner::Link, _) => script.line(format!("client.bind({address})")),
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
        let name = self.name;
        let body = |script: &mut Script| {
            self.joins.iter().for_each(|line| script.line(line));
            body(script);
        };
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
                    self.set_options(script);
                    if self.recipe.is_server() && self.transport.manner == Manner::Adopted {
                        script.block("if server.family == socket.AF_PACKET:", |script| {
                            script.line(ignore_outgoing(name));
                        });
                    }
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
                    if self.path().is_some() {
                        script.line("own = os.lstat(PATH)");
                    }
                    body(script);
                });
            }
        }
    }

    fn client(&self, script: &mut Script) {
        let (manner, size) = (self.transport.manner, self.recipe.receive_size());
        self.with_socket(script, |script| {
            if manner == Manner::Adopted {
                self.find_out(script);
            }
            if let Some(message) = self.recipe.message() {
                match manner {
                    _ if self.recipients().is_some() => script.lines(&recipients::sends("client")),
                    Manner::Adopted if message.is_empty() => adopted::send_nothing(script),
                    _ if self.keeps_peer() => script.line("client.sendto(MESSAGE, peer)"),
                    Manner::Connections | Manner::Adopted => script.line("client.sendall(MESSAGE)"),
                    _ => script.line("client.send(MESSAGE)"),
                }
                if self.recipe.folder().is_none() {
                    // As long as this program waits for the rest of an answer.
                    script.line("client.settimeout(1)");
                }
            }
            script.block("try:", |script| {
                if self.recipe.folder().is_some() {
                    return script.line("keep(client, client.getpeername())");
                }
                script.block("while True:", |script| match manner {
                    Manner::Connections => {
                        script.line(format!("data = client.recv({size})"));
                        script.block("if not data:", |script| script.line("break"));
                        script.line(format!("print({SHOWN}, flush=True)"));
                    }
                    Manner::Adopted => {
                        script.line(format!("data = client.recv({size})"));
                        script.block("if has_connection and not data:", |script| script.line("break"));
                        script.line(format!("print({SHOWN}, flush=True)"));
                    }
                    Manner::Bus | Manner::ConnectedBus => {
                        script.line(format!("data = client.recv({size})"));
                        script.line("print(data.hex(\" \"), flush=True)");
                    }
                    Manner::Datagrams | Manner::Routed | Manner::Link => {
                        script.line(format!("data, peer = client.recvfrom({size})"));
                        script.line(format!("print(peer, {SHOWN}, flush=True)"));
                    }
                });
            });
            // The name that TimeoutError has in every version.
            let end = if self.recipe.message().is_some() && self.recipe.folder().is_none() {
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
        self.asked_receive_size().unwrap_or(64 << 10)
    }

    fn asked_receive_size(&self) -> Option<u32> {
        self.target.options.number(SocketOption::ReceiveSize)
    }

    /// As [`SocketOption::Backlog`] has it.
    fn backlog(&self) -> u32 {
        self.target.options.number(SocketOption::Backlog).unwrap_or(4096)
    }
}
