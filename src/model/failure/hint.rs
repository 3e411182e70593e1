//! What to do about a failure, with what was found out.

use serde::{Deserialize, Serialize};

use crate::model::{DescriptorKind, TcpState};

/// Which process holds a port or a Unix socket's name, where /proc tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortOwner {
    pub pid: u32,
    /// The command's short name.
    pub name: String,
}

/// A connection that this side has closed and whose addresses the kernel keeps: for a minute, so that nothing late of it
/// reaches a new one (TIME_WAIT, RFC 9293, section 3.6), or until the other side has answered or closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingSocket {
    pub local: String,
    pub peer: String,
    /// In a journal of before there was this field, there were no others.
    #[serde(default = "time_wait")]
    pub state: TcpState,
    /// Until the kernel lets go of it; `None` where that is for the other side to decide.
    pub seconds: Option<u32>,
}

fn time_wait() -> TcpState {
    TcpState::TimeWait
}

/// What a user can do about a failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "advice", rename_all = "kebab-case")]
pub enum Hint {
    PortHeldBy {
        owner: PortOwner,
    },
    /// By a process of another user.
    PortHeldByOthers,
    /// SO_REUSEPORT was asked for: who holds the port has it off, or is another user.
    PortNotShared {
        owner: Box<PortOwner>,
    },
    /// The same by a process of another user, as far as this one can see.
    PortNotSharedByOthers,
    ChooseAnotherPort,
    /// A Unix socket that has this path or abstract name.
    NameHeldBy {
        owner: Box<PortOwner>,
    },
    /// By a process of another user.
    NameHeldByOthers,
    ChooseAnotherPath,
    /// An abstract one, unix(7).
    ChooseAnotherName,
    /// Nobody listens there; connections that are over keep the port, since SO_REUSEADDR is off on one side or the other.
    PortInTimeWait {
        /// Those that are kept longest, the longest first; empty once the time of all is over.
        sockets: Box<[WaitingSocket]>,
        /// How many there are beside them.
        #[serde(default)]
        more: usize,
        /// Whether it is on for the socket that failed: then the one that these connections came to had it off.
        reuse: bool,
    },
    StartTheServer,
    /// Of a Unix socket, by its path or its abstract name.
    StartTheServerAtTheName,
    CheckTheName,
    CheckTheNameServers,
    CheckTheAddress,
    ChooseAnotherFamily,
    /// CAP_NET_BIND_SERVICE, capabilities(7).
    PortNeedsRight {
        /// The lowest port that is free for all.
        lowest: u16,
    },
    /// No file is concerned: the system's administrator has forbidden it in another way.
    AskTheAdministrator,
    Ipv6IsOff,
    /// The module ipv6 is not loaded, or not built.
    LoadIpv6,
    /// The kernel was started with `ipv6.disable=1`.
    Ipv6IsDisabled,
    /// As sysctl(8) takes it, in quotes where that is needed.
    ChangeKernelSetting {
        setting: String,
    },
    /// What SOCK_STREAM can be of.
    StreamProtocols,
    /// What SOCK_DGRAM can be of.
    DatagramProtocols,
    /// CAP_NET_RAW.
    NeedsRawRight,
    /// The kernel module that brings the family.
    LoadModule {
        module: String,
    },
    /// One of those that lead to virtual machines or out of one, vsock(7).
    LoadVsockTransport,
    /// A virtual one, or its host.
    CheckTheMachine,
    /// IPPROTO_RAW, raw(7).
    WriteTheHeader,
    ChooseAnotherIpProtocol,
    CheckTheInterface,
    ShortenThePath,
    RemoveTheFile,
    /// Of the socket to connect to: another program's file is nobody's to remove.
    CheckThePath,
    /// A folder stands where a Unix socket was to be bound.
    ChooseAPathInTheFolder,
    RaiseDescriptorLimit,
    /// RLIMIT_NPROC, getrlimit(2), or what limits the tasks of a service or a container.
    RaiseProcessLimit,
    FreeMemory,
    /// More than an interface's queue holds waits to leave by it.
    SendSlower,
    /// Bytes that one UDP datagram carries at most.
    DatagramMax {
        v6: bool,
        bytes: u64,
    },
    /// Bytes that one packet of a raw socket carries at most.
    PacketMax {
        v6: bool,
        bytes: u64,
    },
    /// Bytes that an ICMP message has at least (RFC 792, RFC 4443).
    IcmpMin {
        bytes: u64,
    },
    RaiseSendBuffer,
    ChooseAnotherProtocol,
    WaitForTheReceiver,
    SenderMustBind,
    ConnectInstead,
    ListenInstead,
    PassTheDescriptor,
    /// Whoever passes it has to do so before.
    BindTheDescriptor,
    ConnectTheDescriptor,
    /// What a service manager passed to this very process, by names or numbers; sd_listen_fds_with_names(3).
    PassedDescriptors {
        names: Vec<String>,
    },
    /// What a descriptor that is no socket is.
    DescriptorIs {
        found: DescriptorKind,
        /// As [`crate::model::ReceivedDescriptor::target`].
        target: Box<str>,
    },
    /// Of a path, the first part that isn't there; the folder which lacks it is.
    NothingNamed {
        path: Box<str>,
        /// Whether it is a folder on the way, and not the end of the path.
        is_on_the_way: bool,
    },
    /// The folder is there, and its file system takes nothing new.
    NothingToCreateIn {
        path: Box<str>,
    },
    /// Of a path, the link that leads nowhere.
    DanglingLink {
        path: Box<str>,
    },
    /// Of a path, what is no folder and has something below it.
    NotAFolder {
        path: Box<str>,
    },
    FreeSpace,
    CheckRights,
    /// On a file system that can be written to.
    ChooseAnotherPlace,
    CheckTheDevice,
    /// Symbolic ones, on the way of a path.
    CheckTheLinks,
    ChooseAFile,
    ChooseAnotherFile,
    ChooseAFolder,
    /// Open the address, the failure's subject, by hand.
    OpenByHand,
    ListCongestionControls,
    ListInterfaces,
    /// CAP_NET_ADMIN, capabilities(7).
    NeedsNetAdmin,
    V6OnlyNeedsV6,
    /// The names of those that could be meant.
    ChooseAnInterface {
        names: Vec<String>,
    },
    /// No route leads to a group, or to all machines of a network: an option says by which interface to send.
    NameTheWay {
        /// For all machines, SO_BINDTODEVICE has to say it; for a group, IP_MULTICAST_IF.
        to_all: bool,
        /// Of the interfaces that could be meant.
        names: Box<[String]>,
    },
    /// A group's address of IPv6 can't be heard over a socket of IPv4.
    ListenOnV6,
    /// Of the kernel, with its value: `net.ipv4.igmp_max_memberships=20`.
    RaiseGroupLimit {
        settings: Vec<String>,
    },
    /// The address with each scope that could be meant, such as `fe80::1%eth0`.
    AddAScope {
        addresses: Vec<String>,
    },
    /// SO_BROADCAST.
    AllowBroadcast,
    DontConnect,
    /// A message to several addresses goes to all of them or, where one is not found, to none.
    SentToNobody,
    /// The ports that the system gives out by itself, and how many of them connections in TIME_WAIT keep.
    WidenThePortRange {
        first: u16,
        last: u16,
        waiting: usize,
    },
}
