//! `connect`: one message and its answer, or standard input, joined to the socket or saying what to do with it.

use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;

use super::commands::Commands;
use super::console::{Console, Ending, Turn};
use super::request::{ANSWER_WAIT, ConnectTask, Input};
use super::standard_input::{self, Chunk};
use crate::engine::Engine;
use crate::model::{
    CloseReason, Command, ConnectSpec, Event, Failure, HostPort, Operation, Peer, Protocol, Recipients, Role,
    SessionId, SocketId,
};

/// Bytes of standard input that may wait for the system to take them: enough to keep a socket busy, little to hold.
const IN_FLIGHT_MAX: u64 = 1 << 20;

/// Quiet after which standard input is no longer waited for once the peer has finished sending: whether it still reads
/// can't be told, and at a terminal nothing may ever come.
const HALF_CLOSED_WAIT: Duration = Duration::from_millis(500);

/// Runs until the peer closes, the wait is over, a signal comes or the connection fails.
pub(super) fn run(console: &mut Console, task: ConnectTask) -> Ending {
    let socket = console.engine().new_socket();
    let endpoint = &task.spec.target.endpoint;
    let protocol = endpoint.protocol();
    // What somebody else has opened is connected already.
    let is_connected = task.spec.connected || protocol == Protocol::Descriptor;
    let has_commands = matches!(task.input, Input::Commands);
    let commands = has_commands.then(|| Commands::new(socket, Role::Client, endpoint, is_connected));
    // What comes to the socket would be torn between the two that read it, and in part be sent back.
    let is_its_own_input =
        matches!(task.input, Input::Standard | Input::Commands) && Engine::is_standard_input(endpoint);
    // A peer that has finished sending may still read: it is this loop that knows whether more follows.
    let spec = ConnectSpec { stay_half_open: true, ..task.spec };
    console.engine().send(Command::Connect { socket, spec: Box::new(spec) });
    let mut conversation = Conversation {
        socket,
        to: task.to,
        protocol,
        wait: task.wait,
        session: None,
        to_send: (!is_its_own_input).then_some(task.input),
        commands,
        standard_input: None,
        in_flight: 0,
        peer_finished: false,
        active_at: Instant::now(),
        stop_at: None,
        failed: false,
    };
    loop {
        let input = conversation.standard_input.clone().filter(|_| conversation.in_flight < IN_FLIGHT_MAX);
        let turn = console.next_with_input(input.as_ref(), conversation.deadline());
        if let Some(ending) = conversation.react(turn, console) {
            return ending;
        }
    }
}

struct Conversation {
    socket: SocketId,
    /// What was asked for, until it is known what a descriptor is.
    protocol: Protocol,
    wait: Option<Duration>,
    /// The first; over UDP others may answer too.
    session: Option<SessionId>,
    /// Addresses that get what is sent beside the session's peer; once that is known, the peer is the first of them.
    to: Vec<HostPort>,
    /// `None` once it has been taken up, and where there is nothing to send.
    to_send: Option<Input>,
    /// Where lines of standard input are carried out.
    commands: Option<Commands>,
    /// `None` before it is read and after its end.
    standard_input: Option<Receiver<Chunk>>,
    /// Bytes given to the engine and not yet taken by the system.
    in_flight: u64,
    peer_finished: bool,
    /// When bytes last crossed.
    active_at: Instant,
    /// Disconnecting has been asked for, and is waited for until then.
    stop_at: Option<Instant>,
    failed: bool,
}

impl Conversation {
    fn all_sent(&self) -> bool {
        self.session.is_some() && self.to_send.is_none() && self.standard_input.is_none() && self.in_flight == 0
    }

    fn deadline(&self) -> Option<Instant> {
        let wait = if self.peer_finished && self.in_flight == 0 {
            Some(HALF_CLOSED_WAIT)
        } else {
            self.wait.filter(|_| self.all_sent())
        };
        self.stop_at.or_else(|| Some(self.active_at + wait?))
    }

    /// The ending, once there is one.
    fn react(&mut self, turn: Turn, console: &mut Console) -> Option<Ending> {
        match turn {
            Turn::Event(event) => return self.handle(event, console),
            Turn::Input(chunk) => self.take_input(chunk, console),
            Turn::Deadline if self.stop_at.is_some() => return Some(self.ending()),
            Turn::Deadline if self.peer_finished => self.finish_sending(console),
            Turn::Deadline => self.stop(console),
            Turn::Interrupted => {
                // What was asked for has not happened: there never was a connection.
                self.failed |= self.session.is_none();
                self.stop(console);
            }
        }
        None
    }

    fn handle(&mut self, event: Event, console: &Console) -> Option<Ending> {
        if let Some(commands) = &mut self.commands {
            commands.observe(&event);
        }
        match event {
            Event::Opened { info, .. } => {
                if self.session.is_none() {
                    self.session = Some(info.id);
                    let peer = match info.peer {
                        Peer::Ip(peer) => Some(peer.into()),
                        Peer::Scoped(peer) => Some(peer),
                        _ => None,
                    };
                    if let Some(peer) = peer.filter(|_| !self.to.is_empty()) {
                        self.to.insert(0, peer);
                    }
                }
                self.protocol = info.protocol;
                if !self.protocol.has_connection() {
                    // No close will tell that nothing follows.
                    self.wait.get_or_insert(ANSWER_WAIT);
                }
                self.active_at = Instant::now();
                match self.to_send.take() {
                    Some(Input::Bytes(bytes)) => self.send(bytes, console),
                    Some(Input::Standard | Input::Commands) => {
                        self.standard_input = Some(standard_input::read(console.engine()));
                    }
                    None => {}
                }
            }
            Event::Received { .. } => self.active_at = Instant::now(),
            Event::Sent { bytes, .. } => {
                self.in_flight = self.in_flight.saturating_sub(bytes);
                self.active_at = Instant::now();
            }
            Event::PeerFinished { .. } => {
                self.peer_finished = true;
                self.active_at = Instant::now();
            }
            Event::Closed { session, reason, .. } => {
                self.failed |= matches!(reason, CloseReason::Reset | CloseReason::Error);
                // Nobody is left to read it for.
                if self.session == Some(session) {
                    self.standard_input = None;
                }
            }
            Event::Failed { socket: Some(_), .. } => {
                self.failed = true;
                if !self.protocol.is_stream() {
                    // A datagram or message that was refused is not taken later.
                    self.in_flight = 0;
                }
            }
            Event::Disconnected { .. } => return Some(self.ending()),
            _ => {}
        }
        // Nothing can follow in either direction: no need to wait for it.
        if self.peer_finished && self.all_sent() && self.stop_at.is_none() {
            self.finish_sending(console);
        }
        None
    }

    fn take_input(&mut self, chunk: Chunk, console: &mut Console) {
        if let (Some(everybody), Some(commands)) = (self.everybody(), &mut self.commands) {
            let done = commands.carry_out(&chunk, &everybody, console);
            self.in_flight += done.in_flight;
            if done.quit {
                return self.stop(console);
            }
        }
        match chunk {
            Chunk::Bytes(_) if self.commands.is_some() => return,
            Chunk::Bytes(bytes) => return self.send(bytes, console),
            Chunk::End => {}
            Chunk::Failed(error) => {
                console.tell_failure(&Failure::io(Operation::ReadFile, "-", &error));
                self.failed = true;
            }
        }
        self.standard_input = None;
        self.active_at = Instant::now();
        if let Some(session) = self.session.filter(|_| self.protocol.has_connection()) {
            console.engine().send(Command::FinishSending { session });
        }
    }

    /// The half-close after which the engine closes, because the peer's half is closed already.
    fn finish_sending(&mut self, console: &Console) {
        self.standard_input = None;
        self.stop_at = Some(Instant::now() + Console::GRACE);
        if let Some(session) = self.session {
            console.engine().send(Command::FinishSending { session });
        }
    }

    fn send(&mut self, bytes: Vec<u8>, console: &Console) {
        let Some(to) = self.everybody() else { return };
        self.in_flight += bytes.len() as u64 * self.to.len().max(1) as u64;
        console.engine().send(Command::Send { socket: self.socket, to, bytes });
    }

    /// Whom a message is for. It is one to all of them: where an address is not found, the peer gets none of it either.
    fn everybody(&self) -> Option<Recipients> {
        match (self.to.as_slice(), self.session) {
            (_, None) => None,
            ([], Some(session)) => Some(Recipients::Sessions(vec![session])),
            (all, _) => Some(Recipients::Addresses(all.to_vec())),
        }
    }

    fn stop(&mut self, console: &Console) {
        self.standard_input = None;
        self.stop_at = Some(Instant::now() + Console::GRACE);
        console.engine().send(Command::Disconnect { socket: self.socket });
    }

    fn ending(&self) -> Ending {
        Ending::failed_if(self.failed || self.commands.as_ref().is_some_and(Commands::failed))
    }
}
