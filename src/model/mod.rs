//! Nouns: plain data shared by every floor above, and the contract between the faces and the engine.
//!
//! Nothing here does I/O, reads a clock or starts a thread.

mod address;
mod browser;
mod color_rule;
mod command;
mod conversation;
mod descriptor;
mod device;
mod endpoint;
mod event;
mod facility;
mod failure;
mod filter;
mod find;
mod ids;
mod import;
mod interface;
mod ip_protocol;
mod left_recording;
mod link;
mod multicast;
mod options;
mod page;
mod past_transfer;
mod process;
mod program;
mod protocol;
mod retention;
mod row;
mod save;
mod session;
mod settings;
mod shown_as;
mod socket_state;
mod statistics;
mod target;
mod transfer;

pub use address::{HostPort, Peer, RawAddress, UnixName};
pub use browser::{BrowserContent, Exchange, FolderEntry, FolderList};
pub use color_rule::{ColorRule, RowColor};
pub use command::{Command, ConnectSpec, ListenSpec, Recipients, Respond};
pub use conversation::{ConversationPart, ConversationPlace, ConversationRequest};
pub use descriptor::{DescriptorKind, DescriptorName, InheritedSocket, InheritedState, ReceivedDescriptor};
pub use device::{ContextId, InterfaceName, UnknownContextId, VsockAddress};
pub use endpoint::{Endpoint, EndpointError, LocalPlace, UNIX_PATH_MAX};
pub use event::{CloseReason, Event, Notice};
pub use facility::Facility;
pub use failure::{Cause, Failure, Hint, Operation, PortOwner, TransferFault, WaitingSocket};
pub use filter::{BytePattern, Comparison, Condition, Filter, FilterError, FilterProblem, Moment, Operator};
pub use find::{FindRequest, Finding};
pub use ids::{SessionId, SocketId, TransferId};
pub use import::Imported;
pub use interface::{InterfaceAddress, NetworkInterface};
pub use ip_protocol::{IpProtocol, IpVersion, UnknownIpProtocol};
pub use left_recording::LeftRecording;
pub use link::{EtherType, HardwareAddress, LinkAddress};
pub use multicast::{GroupError, InterfaceChoice, MulticastGroup};
pub use options::{OptionAnswer, OptionError, OptionKind, OptionValue, SocketOption, SocketOptions, Unit};
pub use page::{Page, PageRequest, PageRow};
pub use past_transfer::PastTransfer;
pub use process::PeerProcess;
pub use program::{BrowserRequest, Obstacle, Program, Recipe};
pub use protocol::{AddressForm, Delivery, Protocol, SecondField};
pub use retention::{Removals, Retention};
pub use row::{Call, Direction, Life, Row, RowBody, Stamp};
pub use save::{SaveFormat, SaveRequest, Saved};
pub use session::{Purpose, Role, SessionInfo, Traffic};
pub use settings::{
    ClientTab, ComposerSettings, Damage, LanguageChoice, LineEndingChoice, ServerTab, Settings, ThemeChoice, TimeMode,
    WindowPlace,
};
pub use shown_as::ShownAs;
pub use socket_state::{AcceptQueue, SocketMemory, SocketState, TcpInfo, TcpState};
pub use statistics::{
    BothWays, Flow, Histogram, Interval, Message, Quantiles, Range, SessionTotals, Statistics, StatisticsRequest,
    Timeline, Totals,
};
pub use target::Target;
pub use transfer::{
    Admission, CancelReason, Outcome, Permission, Progress, ReceiveMode, SendMode, StreamHead, TransferEnd,
    TransferInfo,
};
