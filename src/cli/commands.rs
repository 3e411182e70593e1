//! `--commands`: lines of standard input say what is to be done with the socket while it is open.

mod lines;
mod mistake;
mod order;
mod peer_name;
mod roster;
#[cfg(test)]
mod tests;
mod verb;
mod words;

use self::lines::{Line, Lines};
pub use self::mistake::{Mistake, Problem};
pub use self::order::Order;
pub use self::peer_name::PeerName;
use self::roster::Roster;
pub use self::verb::Verb;
use super::console::Console;
use super::report::Fact;
use super::request;
use super::standard_input::Chunk;
use crate::model::{
    Command, Endpoint, EndpointError, Event, GroupError, Operation, OptionValue, Protocol, Recipients, Role, SendMode,
    SessionId, SocketId,
};

/// Carries lines out over one socket.
#[derive(Debug)]
pub(super) struct Commands {
    socket: SocketId,
    role: Role,
    /// What was asked for; once a listener listens, where.
    endpoint: Endpoint,
    /// That of the endpoint, once it is known what a descriptor is.
    protocol: Protocol,
    /// Whether the socket can send to one peer only.
    is_connected: bool,
    /// A client's own session, whose socket its options and groups are of.
    own: Option<SessionId>,
    lines: Lines,
    roster: Roster,
    failed: bool,
}

/// What has come of some lines.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Done {
    /// Bytes that were given to the engine, once for each that they are for; none for messages to everybody.
    pub(super) in_flight: u64,
    /// The run is to end.
    pub(super) quit: bool,
}

/// What a line comes to.
#[derive(Debug, PartialEq)]
enum Act {
    Engine(Vec<Command>),
    Help,
    Quit,
}

impl Commands {
    /// Over a socket that is about to be opened.
    pub(super) fn new(socket: SocketId, role: Role, endpoint: &Endpoint, is_connected: bool) -> Self {
        Self {
            socket,
            role,
            endpoint: endpoint.clone(),
            protocol: endpoint.protocol(),
            is_connected,
            own: None,
            lines: Lines::default(),
            roster: Roster::default(),
            failed: false,
        }
    }

    /// Whether a line was a mistake, or the system refused what only a line asks for.
    pub(super) fn failed(&self) -> bool {
        self.failed
    }

    /// Takes notice of who is there.
    pub(super) fn observe(&mut self, event: &Event) {
        self.roster.observe(event);
        match event {
            Event::Listening { endpoint, .. } => {
                self.endpoint = endpoint.clone();
                self.protocol = endpoint.protocol();
            }
            Event::Opened { info, .. } => {
                self.protocol = info.protocol;
                self.own = self.own.or(Some(info.id).filter(|_| self.role == Role::Client));
            }
            Event::Failed { failure, .. } => {
                use Operation::{Join, Leave, Resolve, SetOption};
                self.failed |= matches!(failure.operation, Join | Leave | SetOption | Resolve);
            }
            _ => {}
        }
    }

    /// Carries out the lines that are whole now. A mistake is told, and changes nothing. `everybody` is whom messages
    /// are for that name nobody.
    pub(super) fn carry_out(&mut self, chunk: &Chunk, everybody: &Recipients, console: &mut Console) -> Done {
        let lines = match chunk {
            Chunk::Bytes(bytes) => self.lines.take(bytes),
            Chunk::End | Chunk::Failed(_) => self.lines.finish().into_iter().collect(),
        };
        let mut done = Done::default();
        for Line { number, text } in lines {
            let format = request::message_format(&self.endpoint);
            let act = text.and_then(|text| Order::read(&text, format)).and_then(|order| {
                let act = order.map(|order| self.act(order, everybody));
                act.transpose()
            });
            match act {
                Ok(None) => {}
                Ok(Some(Act::Engine(commands))) => {
                    for command in commands {
                        done.in_flight += in_flight(&command);
                        console.engine().send(command);
                    }
                }
                Ok(Some(Act::Help)) => console.tell(&Fact::Commands),
                Ok(Some(Act::Quit)) => {
                    done.quit = true;
                    break;
                }
                Err(mistake) => {
                    self.failed = true;
                    console.tell(&Fact::Mistake { line: number, mistake: &mistake });
                }
            }
        }
        done
    }

    fn act(&self, order: Order, everybody: &Recipients) -> Result<Act, Mistake> {
        let socket = self.socket;
        let commands = match order {
            Order::Send(bytes) => {
                self.check_somebody(Verb::Send, everybody)?;
                vec![self.message(Verb::Send, everybody.clone(), bytes)?]
            }
            Order::To(peer, bytes) => vec![self.message(Verb::To, self.recipient(&peer)?, bytes)?],
            Order::SendFile { path, to } => {
                if !self.protocol.is_stream() {
                    return Err(Mistake::new(Verb::SendFile.word(), Problem::NotAStream));
                }
                let to = match to {
                    Some(peer) => Recipients::Sessions(vec![self.session(&peer)?]),
                    None => {
                        self.check_somebody(Verb::SendFile, everybody)?;
                        everybody.clone()
                    }
                };
                vec![Command::SendFiles { socket, to, paths: vec![path], mode: SendMode::Raw }]
            }
            Order::Join(groups) => {
                self.check_groups(Verb::Join)?;
                groups.into_iter().map(|group| Command::JoinGroup { socket, group }).collect()
            }
            Order::Leave(groups) => {
                self.check_groups(Verb::Leave)?;
                groups.into_iter().map(|group| Command::LeaveGroup { socket, group }).collect()
            }
            Order::Set { options, of } => {
                let wrong = |error| Mistake::new(&options.to_string(), Problem::Endpoint(EndpointError::Option(error)));
                options.check(self.protocol).map_err(wrong)?;
                options.check_role(self.protocol, self.role).map_err(wrong)?;
                if let Some((option, _)) = options.iter().find(|(option, _)| !option.is_live()) {
                    return Err(Mistake::new(option.name(), Problem::NotLive));
                }
                let session = match of {
                    Some(peer) => Some(self.connection(&peer)?),
                    None => self.own,
                };
                let set = |(option, value): (_, &OptionValue)| Command::SetOption {
                    socket,
                    session,
                    option,
                    value: value.clone(),
                };
                options.iter().map(set).collect()
            }
            Order::Finish(peer) => {
                if !self.protocol.has_connection() {
                    return Err(Mistake::new(Verb::Finish.word(), Problem::NoHalves));
                }
                let sessions = match peer {
                    Some(peer) => vec![self.session(&peer)?],
                    None => {
                        self.check_somebody(Verb::Finish, &Recipients::All)?;
                        self.roster.sessions().collect()
                    }
                };
                sessions.into_iter().map(|session| Command::FinishSending { session }).collect()
            }
            Order::Disconnect(peer) => vec![Command::Close { session: self.session(&peer)? }],
            Order::Help => return Ok(Act::Help),
            Order::Quit => return Ok(Act::Quit),
        };
        Ok(Act::Engine(commands))
    }

    fn message(&self, verb: Verb, to: Recipients, bytes: Vec<u8>) -> Result<Command, Mistake> {
        // A datagram, and a message of a connection that keeps their borders, may be empty.
        if bytes.is_empty() && self.protocol.is_stream() {
            return Err(Mistake::new(verb.word(), Problem::NothingToSend));
        }
        Ok(Command::Send { socket: self.socket, to, bytes })
    }

    /// Nothing would come of it, and nobody would say so.
    fn check_somebody(&self, verb: Verb, to: &Recipients) -> Result<(), Mistake> {
        if *to == Recipients::All && self.roster.is_empty() {
            return Err(Mistake::new(verb.word(), Problem::Nobody));
        }
        Ok(())
    }

    fn check_groups(&self, verb: Verb) -> Result<(), Mistake> {
        if self.protocol == Protocol::Udp {
            return Ok(());
        }
        Err(Mistake::new(verb.word(), Problem::Group(GroupError::NotUdp)))
    }

    fn session(&self, peer: &PeerName) -> Result<SessionId, Mistake> {
        self.roster.find(peer).map_err(|problem| Mistake::new(&peer.to_string(), problem))
    }

    /// The session of a peer whose socket is no other's: its options can be changed alone.
    fn connection(&self, peer: &PeerName) -> Result<SessionId, Mistake> {
        if !self.protocol.has_connection() {
            return Err(Mistake::new(&peer.to_string(), Problem::OneSocketForAll));
        }
        self.session(peer)
    }

    /// A session or, over UDP, any address that the socket can send to: as `--to` has it, so several of them too.
    fn recipient(&self, peer: &PeerName) -> Result<Recipients, Mistake> {
        let wrong = |problem| Mistake::new(&peer.to_string(), problem);
        match (self.roster.find(peer), peer) {
            (Ok(session), _) => Ok(Recipients::Sessions(vec![session])),
            (Err(Problem::NoSuchPeer), PeerName::Address(text)) if self.protocol == Protocol::Udp => {
                if self.is_connected {
                    return Err(wrong(Problem::ConnectedToOne));
                }
                let text = text.strip_prefix("udp://").unwrap_or(text);
                let addresses = self.endpoint.addresses(text).map_err(|error| wrong(Problem::Endpoint(error)))?;
                if addresses.is_empty() {
                    Err(wrong(Problem::NoSuchPeer))
                } else {
                    Ok(Recipients::Addresses(addresses))
                }
            }
            (Err(problem), _) => Err(wrong(problem)),
        }
    }
}

fn in_flight(command: &Command) -> u64 {
    let Command::Send { to, bytes, .. } = command else { return 0 };
    let recipients = match to {
        Recipients::All => 0,
        Recipients::Sessions(sessions) => sessions.len(),
        Recipients::Addresses(addresses) => addresses.len(),
    };
    bytes.len() as u64 * recipients as u64
}
