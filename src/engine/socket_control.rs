//! What a running listener or client can be told to do differently.

use parking_lot::RwLock;

use super::stop::Stop;
use crate::model::{BrowserContent, CloseReason, ReceiveMode, Respond, SocketId, SocketOptions};
use crate::net::Wake;

/// Shared by the control thread and a listener's or client's workers.
#[derive(Debug)]
pub(super) struct SocketControl {
    pub(super) id: SocketId,
    pub(super) stop: Stop,
    pub(super) wake: Wake,
    pub(super) respond: RwLock<Respond>,
    pub(super) receive: RwLock<ReceiveMode>,
    pub(super) browser: RwLock<Option<BrowserContent>>,
    pub(super) options: SocketOptions,
    pub(super) stay_half_open: bool,
}

impl SocketControl {
    /// # Errors
    /// Out of descriptors.
    pub(super) fn new(
        id: SocketId,
        options: SocketOptions,
        receive: ReceiveMode,
        respond: Respond,
        stay_half_open: bool,
    ) -> std::io::Result<Self> {
        Ok(Self {
            id,
            stop: Stop::new(),
            wake: Wake::new()?,
            respond: RwLock::new(respond),
            receive: RwLock::new(receive),
            browser: RwLock::new(None),
            options,
            stay_half_open,
        })
    }

    /// With what browsers are shown from the start.
    pub(super) fn with_browser(self, browser: Option<BrowserContent>) -> Self {
        Self { browser: RwLock::new(browser), ..self }
    }

    /// Ends every wait of the listener's or client's own thread; its sessions are told apart from that.
    pub(super) fn stop(&self, reason: CloseReason) {
        self.stop.request(reason);
        self.wake.wake();
    }
}
