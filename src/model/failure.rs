//! Failures with the operation, the address, the cause, and what to do.

mod fault;
mod hint;

use std::fmt;
use std::io;

use serde::{Deserialize, Serialize};

use super::transfer::CancelReason;
use crate::codec::capture::reader::CaptureProblem;
pub use fault::TransferFault;
pub use hint::{Hint, PortOwner, WaitingSocket};

/// What was being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    Resolve,
    Open,
    Adopt,
    SetOption,
    Bind,
    Listen,
    Accept,
    Connect,
    Receive,
    Send,
    Shutdown,
    /// A multicast group.
    Join,
    Leave,
    OpenFile,
    ReadFile,
    CreateFile,
    WriteFile,
    FinishFile,
    OpenJournal,
    WriteJournal,
    RemoveJournal,
    SaveSettings,
    /// The list of past ones.
    KeepTransfers,
    StartThread,
    OpenBrowser,
    OpenFolder,
    /// Of this machine's network.
    ListInterfaces,
}

impl Operation {
    /// The word in messages and JSON: `bind`, `open-file`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Open => "open",
            Self::Adopt => "adopt",
            Self::SetOption => "set-option",
            Self::Bind => "bind",
            Self::Listen => "listen",
            Self::Accept => "accept",
            Self::Connect => "connect",
            Self::Receive => "receive",
            Self::Send => "send",
            Self::Shutdown => "shutdown",
            Self::Join => "join",
            Self::Leave => "leave",
            Self::OpenFile => "open-file",
            Self::ReadFile => "read-file",
            Self::CreateFile => "create-file",
            Self::WriteFile => "write-file",
            Self::FinishFile => "finish-file",
            Self::OpenJournal => "open-journal",
            Self::WriteJournal => "write-journal",
            Self::RemoveJournal => "remove-journal",
            Self::SaveSettings => "save-settings",
            Self::KeepTransfers => "keep-transfers",
            Self::StartThread => "start-thread",
            Self::OpenBrowser => "open-browser",
            Self::OpenFolder => "open-folder",
            Self::ListInterfaces => "list-interfaces",
        }
    }
}

/// Why it failed, as far as a face has words for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "cause", rename_all = "kebab-case")]
pub enum Cause {
    AddressInUse,
    AddressNotAvailable,
    /// The system has no port to give: all of `net.ipv4.ip_local_port_range` are in use. connect(2) says EADDRNOTAVAIL
    /// then, and bind(2) to port 0 EADDRINUSE.
    EphemeralPortsUsedUp,
    Refused,
    /// The local address and port that were asked for are those to connect to, where nobody else listens.
    SelfConnect,
    ConnectionReset,
    BrokenPipe,
    NotConnected,
    HostUnreachable,
    NetworkUnreachable,
    TimedOut,
    NoSuchHost,
    /// No name server answered, or none that was able to: whether the name exists is not known.
    NoNameServer,
    PermissionDenied,
    AddressFamilyMissing,
    /// No network interface has this name, or none is there for the transport.
    NoSuchDevice,
    PathTooLong,
    /// The Unix socket's file is there and nobody listens behind it.
    StaleSocket,
    /// A file that is not a socket stands where a socket is to be bound.
    NotASocket,
    /// A file that is not a socket stands where one was looked for, to connect to.
    NoSocketThere,
    /// The Unix socket at that name is of another type.
    OtherSocketType,
    /// The receiver of a Unix datagram has to read before its queue takes another.
    PeerQueueFull,
    /// The sender of a Unix datagram bound no name, so there is nowhere to send to.
    NoReturnAddress,
    /// No such descriptor is open.
    DescriptorNotOpen,
    DescriptorNotASocket,
    /// This program opened it itself.
    DescriptorIsOwn,
    /// LISTEN_FDNAMES has no such name.
    NoSuchDescriptorName,
    /// A socket of a family, type or protocol that is not served here.
    UnknownSocketKind {
        /// The three, by the names that socket(2) has for them.
        #[serde(default)]
        kind: String,
    },
    /// The descriptor is a socket that listens, where a connected one is needed.
    SocketListens,
    /// The descriptor is a socket that is connected, where one that listens is needed.
    SocketIsConnected,
    /// The descriptor is a socket without an address.
    SocketNotBound,
    OutOfDescriptors,
    /// The system starts no more for this user, service or container: EAGAIN of pthread_create(3).
    OutOfThreads,
    OutOfMemory,
    /// ENOBUFS: no memory for what is to be sent or opened, or too much waits to leave by the interface.
    NoBufferSpace,
    MessageTooLong,
    /// Less than the protocol's head.
    MessageTooShort,
    NotFound,
    IsDirectory,
    NotADirectory,
    AlreadyExists,
    StorageFull,
    FileTooLarge,
    /// The file system takes no writing, whatever the rights are: EROFS.
    ReadOnlyStorage,
    /// EIO, mostly of a disk.
    DeviceFault,
    /// A path leads through more links than the system follows, mostly round in a circle: ELOOP.
    LinkLoop,
    NotToml,
    /// The file became shorter, longer or newer while it was being sent.
    SourceChanged,
    /// Nobody at the other end speaks the protocol of verified files, or is ready to receive any.
    NotVerifying,
    /// A verified file has to be the first thing that goes over a connection.
    NotFirst,
    /// The other side has opened no connection to receive verified files over.
    NoReceiver,
    /// Somebody offers verified files, and none are received here.
    NotReceiving,
    /// The file is larger than those that are taken.
    OverTheLimit {
        bytes: u64,
    },
    /// So many files are taken, and they have been.
    EnoughFiles {
        files: u64,
    },
    /// The user didn't want the file.
    Declined,
    /// Verified files go over the connection, between which nothing else may come.
    FilesOnly,
    /// What came is not as the protocol of verified files has it.
    ProtocolBroken {
        fault: TransferFault,
    },
    /// Of the protocol of verified files the other side speaks these versions, and this one none of them.
    OtherVersions {
        lowest: u16,
        highest: u16,
    },
    /// The other side gave the file up.
    GivenUpByPeer {
        why: CancelReason,
        /// Its own words, which may be empty.
        words: String,
    },
    /// The file is no capture, or what is wrong in it begins at this byte.
    CaptureDamaged {
        at: u64,
        problem: CaptureProblem,
    },
    /// The file is none of this program's.
    NotAJournal,
    /// One that this program can't read: the newest that it can is `known`.
    JournalVersion {
        version: i32,
        known: i32,
    },
    JournalDamaged,
    /// It calls itself a journal, but its tables are not made as a journal's are.
    JournalTables,
    /// By another program, for longer than is waited for it.
    JournalHeld,
    /// A copy of a journal was to take the journal's own place.
    JournalItself,
    /// A copy was to take the place of a database that a program has open, or that one left with its log beside it.
    DatabaseOpen,
    /// What arrived of a file has another hash than its sender gave.
    Damaged,
    Cancelled,
    /// More waits to be sent than [`super::Traffic::QUEUE_MAX`] bytes.
    QueueFull,
    /// The session ended with so many bytes of messages still waiting.
    Unsent {
        bytes: u64,
    },
    /// A local address has to be a number; a name may stand for several.
    NotANumericAddress,
    /// A folder, a pipe or a device where a file is expected.
    NotARegularFile,
    /// The session ended before the command reached it.
    NoSuchSession,
    /// Files need a stream.
    NotAStream,
    /// A browser is at the other end: it takes messages once it has opened a WebSocket, and files as answers alone.
    ToABrowser,
    /// The system has no browser to open.
    NoBrowser,
    /// The system has no program to show a folder.
    NoFileManager,
    /// The system doesn't take this value for the option.
    InvalidValue,
    /// Nothing on this system has the name that the option was given.
    UnknownName,
    /// A socket of this kind has no such option.
    NoSuchOption,
    /// A socket of MPTCP has only some of the options that TCP has; which ones, depends on the kernel.
    NoSuchOptionOfMptcp,
    /// The option counts only before a socket is bound or connected, and this one is.
    OptionTooLate,
    /// The kernel has no such protocol for a socket of this kind.
    ProtocolMissing,
    /// Nothing ever arrives at a socket of this protocol.
    OnlySends,
    /// The family is there, and nothing that carries it to the machine that is meant.
    NoTransport,
    /// The socket hears the group already.
    AlreadyJoined,
    /// The socket hears as many groups, or as many sources of this one, as the system allows it.
    TooManyGroups,
    /// The socket doesn't hear the group, or was told of it in another way.
    NotJoined,
    /// An IPv4 socket was given an IPv6 address, or the other way round.
    OtherFamily,
    /// A link-local IPv6 address is on every interface; which one is meant takes a scope.
    NoScope,
    /// Only UDP has groups, and messages to addresses.
    NotUdp,
    /// A connected socket hears its peer alone: others could not answer.
    ConnectedToOne,
    /// Text that no face has words for; `errno` where the system gave one.
    Other {
        message: String,
        errno: Option<i32>,
    },
}

impl From<&io::Error> for Cause {
    fn from(error: &io::Error) -> Self {
        use io::ErrorKind as Kind;
        match error.kind() {
            Kind::AddrInUse => Self::AddressInUse,
            Kind::AddrNotAvailable => Self::AddressNotAvailable,
            Kind::ConnectionRefused => Self::Refused,
            Kind::ConnectionReset | Kind::ConnectionAborted => Self::ConnectionReset,
            Kind::BrokenPipe => Self::BrokenPipe,
            Kind::NotConnected => Self::NotConnected,
            Kind::HostUnreachable => Self::HostUnreachable,
            Kind::NetworkUnreachable | Kind::NetworkDown => Self::NetworkUnreachable,
            Kind::TimedOut => Self::TimedOut,
            Kind::PermissionDenied => Self::PermissionDenied,
            Kind::NotFound => Self::NotFound,
            Kind::IsADirectory => Self::IsDirectory,
            Kind::NotADirectory => Self::NotADirectory,
            Kind::AlreadyExists => Self::AlreadyExists,
            Kind::StorageFull | Kind::QuotaExceeded => Self::StorageFull,
            Kind::FileTooLarge => Self::FileTooLarge,
            Kind::ReadOnlyFilesystem => Self::ReadOnlyStorage,
            Kind::OutOfMemory => Self::OutOfMemory,
            _ => Self::from_errno(error),
        }
    }
}

impl Cause {
    /// Those that `io::ErrorKind` has no stable name for.
    fn from_errno(error: &io::Error) -> Self {
        #[cfg(unix)]
        match error.raw_os_error().map(nix::errno::Errno::from_raw) {
            Some(nix::errno::Errno::EAFNOSUPPORT | nix::errno::Errno::EPROTONOSUPPORT) => {
                return Self::AddressFamilyMissing;
            }
            Some(nix::errno::Errno::ENODEV) => return Self::NoSuchDevice,
            Some(nix::errno::Errno::EMFILE | nix::errno::Errno::ENFILE) => return Self::OutOfDescriptors,
            Some(nix::errno::Errno::ENOBUFS) => return Self::NoBufferSpace,
            Some(nix::errno::Errno::EIO) => return Self::DeviceFault,
            Some(nix::errno::Errno::ELOOP) => return Self::LinkLoop,
            Some(nix::errno::Errno::EMSGSIZE) => return Self::MessageTooLong,
            Some(nix::errno::Errno::ENAMETOOLONG) => return Self::PathTooLong,
            Some(nix::errno::Errno::EPROTOTYPE) => return Self::OtherSocketType,
            _ => {}
        }
        let errno = error.raw_os_error();
        // The system's own text, without the "(os error 22)" that std adds.
        let message = error.to_string();
        let message = message.split(" (os error").next().unwrap_or_default().to_owned();
        Self::Other { message, errno }
    }
}

/// An error that carries all that a face needs to explain it; `Display` is for logs, faces have words of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{} {subject}: {cause:?}", operation.name())]
pub struct Failure {
    pub operation: Operation,
    /// The address or the file, as text.
    pub subject: String,
    #[serde(flatten)]
    pub cause: Cause,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<Hint>,
}

impl Failure {
    #[must_use]
    pub fn new(operation: Operation, subject: impl fmt::Display, cause: Cause) -> Self {
        Self { operation, subject: subject.to_string(), cause, hint: None }
    }

    /// A failure of a system call.
    #[must_use]
    pub fn io(operation: Operation, subject: impl fmt::Display, error: &io::Error) -> Self {
        Self::new(operation, subject, Cause::from(error))
    }

    /// A thread that was not started. EAGAIN, which elsewhere asks to wait, is a limit that was reached there.
    #[must_use]
    pub fn no_thread(name: impl fmt::Display, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::WouldBlock => {
                Self::new(Operation::StartThread, name, Cause::OutOfThreads).with_hint(Hint::RaiseProcessLimit)
            }
            _ => Self::io(Operation::StartThread, name, error),
        }
    }

    /// About this, where it has no subject yet.
    #[must_use]
    pub fn or_about(mut self, subject: impl FnOnce() -> String) -> Self {
        if self.subject.is_empty() {
            self.subject = subject();
        }
        self
    }

    #[must_use]
    pub fn with_hint(mut self, hint: Hint) -> Self {
        self.hint = Some(hint);
        self
    }
}

#[cfg(all(test, unix))]
mod tests {
    use nix::errno::Errno;

    use super::*;

    #[test]
    fn that_no_thread_starts_is_a_limit_and_nothing_to_wait_for() {
        let failure = Failure::no_thread("session-1", &Errno::EAGAIN.into());
        assert_eq!(
            failure,
            Failure::new(Operation::StartThread, "session-1", Cause::OutOfThreads).with_hint(Hint::RaiseProcessLimit)
        );
        assert_eq!(Failure::no_thread("", &Errno::EPERM.into()).cause, Cause::PermissionDenied);
    }

    #[test]
    fn a_full_queue_of_an_interface_is_told_from_memory() {
        assert_eq!(Cause::from(&io::Error::from(Errno::ENOBUFS)), Cause::NoBufferSpace);
        assert_eq!(Cause::from(&io::Error::from(Errno::ENOMEM)), Cause::OutOfMemory);
    }
}
