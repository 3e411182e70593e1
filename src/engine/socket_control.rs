//! What a running listener or client can be told to do differently.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use parking_lot::{Mutex, RwLock, RwLockReadGuard};

use super::peers::Peers;
use super::stop::Stop;
use crate::model::{
    Admission, BrowserContent, CloseReason, Endpoint, MulticastGroup, OptionValue, Protocol, Purpose, ReceiveMode,
    Respond, Role, SocketId, SocketOption, SocketOptions, Target,
};
use crate::net::{DatagramSocket, Listener, OpenSocket, Wake};

/// Shared by the control thread and a listener's or client's workers.
#[derive(Debug)]
pub(super) struct SocketControl {
    pub(super) id: SocketId,
    /// What its connections are for, as far as this side knows.
    pub(super) purpose: Purpose,
    /// As it was asked for, before names and port 0 became what they stand for.
    pub(super) asked: Endpoint,
    pub(super) stop: Stop,
    pub(super) wake: Wake,
    pub(super) respond: RwLock<Respond>,
    pub(super) receive: RwLock<(ReceiveMode, Admission)>,
    /// That were taken in by all connections together.
    pub(super) files: AtomicU64,
    pub(super) browser: RwLock<Option<BrowserContent>>,
    pub(super) options: SocketOptions,
    /// That the socket joins first of all.
    pub(super) groups: Vec<MulticastGroup>,
    pub(super) stay_half_open: bool,
    /// What a listener's connections were given while it listened.
    given: RwLock<Vec<(SocketOption, OptionValue)>>,
    /// A listener's socket with its transport, while it is open.
    listening: Mutex<Option<(ListeningSocket, Protocol)>>,
    /// The peers of a datagram socket that is not connected, while it is open.
    peers: Mutex<Option<Arc<Peers>>>,
}

/// A second owner of a listener's socket, to look at it.
#[derive(Debug)]
pub(super) enum ListeningSocket {
    Connections(Arc<Listener>),
    Datagrams(Arc<DatagramSocket>),
}

impl SocketControl {
    /// # Errors
    /// Out of descriptors.
    pub(super) fn new(
        id: SocketId,
        target: &Target,
        receive: (ReceiveMode, Admission),
        respond: Respond,
        stay_half_open: bool,
    ) -> std::io::Result<Self> {
        Ok(Self {
            id,
            purpose: Purpose::Talk,
            asked: target.endpoint.clone(),
            stop: Stop::new(),
            wake: Wake::new()?,
            respond: RwLock::new(respond),
            receive: RwLock::new(receive),
            files: AtomicU64::new(0),
            browser: RwLock::new(None),
            options: target.options.clone(),
            groups: target.groups.clone(),
            stay_half_open,
            given: RwLock::default(),
            listening: Mutex::new(None),
            peers: Mutex::new(None),
        })
    }

    /// With connections for something else than talk.
    pub(super) fn for_purpose(self, purpose: Purpose) -> Self {
        Self { purpose, ..self }
    }

    /// With what browsers are shown from the start.
    pub(super) fn with_browser(self, browser: Option<BrowserContent>) -> Self {
        Self { browser: RwLock::new(browser), ..self }
    }

    /// Lets others look at the listener's socket until [`Self::close_listening`].
    pub(super) fn show_listening(&self, socket: ListeningSocket, protocol: Protocol) {
        *self.listening.lock() = Some((socket, protocol));
    }

    /// When this returns, nobody but the caller owns the listener's socket.
    pub(super) fn close_listening(&self) {
        self.listening.lock().take();
    }

    /// Looks at the listener's socket, which doesn't close meanwhile; `None` while there is none.
    pub(super) fn with_listening<T>(&self, look: impl FnOnce(OpenSocket<'_>) -> T) -> Option<T> {
        match self.listening.lock().as_ref()? {
            (ListeningSocket::Connections(listener), protocol) => Some(look(listener.inspect(*protocol))),
            (ListeningSocket::Datagrams(socket), protocol) => Some(look(socket.inspect(Role::Server, *protocol))),
        }
    }

    /// Where it listens, or what it was asked to open.
    pub(super) fn endpoint(&self) -> String {
        let listening = self.with_listening(|socket| socket.endpoint()).flatten();
        listening.unwrap_or_else(|| self.asked.to_string())
    }

    /// Whether it is a listener whose sessions have sockets of their own.
    pub(super) fn accepts_connections(&self) -> bool {
        matches!(&*self.listening.lock(), Some((ListeningSocket::Connections(_), _)))
    }

    /// Has connections that are accepted from now on given this option too.
    pub(super) fn give_to_accepted(&self, option: SocketOption, value: OptionValue) {
        let mut given = self.given.write();
        given.retain(|(other, _)| *other != option);
        given.push((option, value));
    }

    /// What [`Self::give_to_accepted`] was called with, in order; nothing can be added while this is held.
    pub(super) fn given(&self) -> RwLockReadGuard<'_, Vec<(SocketOption, OptionValue)>> {
        self.given.read()
    }

    /// Lets others write to addresses over a datagram socket until [`Self::hide_peers`].
    pub(super) fn show_peers(&self, peers: Arc<Peers>) {
        *self.peers.lock() = Some(peers);
    }

    pub(super) fn hide_peers(&self) {
        self.peers.lock().take();
    }

    pub(super) fn peers(&self) -> Option<Arc<Peers>> {
        self.peers.lock().clone()
    }

    /// Ends every wait of the listener's or client's own thread; its sessions are told apart from that.
    pub(super) fn stop(&self, reason: CloseReason) {
        self.stop.request(reason);
        self.wake.wake();
    }
}
