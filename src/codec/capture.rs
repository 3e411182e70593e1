//! Packet captures: what their files and the packets in them look like.
//!
//! What is written is pcapng (draft-ietf-opsawg-pcapng), what is read also pcap (draft-ietf-opsawg-pcap). Both are short
//! enough to be done here: no released crate writes pcapng and reads both with a place for each mistake. The headers of
//! Ethernet, IP, TCP and UDP are `etherparse`'s.

mod block;
pub mod connection;
pub mod dissect;
pub mod fragments;
pub mod frame;
pub mod pcapng;
pub mod reader;
pub mod upper_pdu;

/// The most bytes that are captured of one packet, as libpcap and Wireshark have it: more is a damaged length.
pub const CAPTURED_MAX: usize = 262_144;

/// What a capture's packets begin with: <https://www.tcpdump.org/linktypes.html>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LinkType(pub u16);

impl LinkType {
    /// The family of what follows, in the order of the machine that captured it.
    pub const NULL: Self = Self(0);
    pub const ETHERNET: Self = Self(1);
    /// IP and nothing before it, of either version.
    pub const RAW: Self = Self(101);
    /// As [`Self::NULL`], big-endian.
    pub const LOOP: Self = Self(108);
    /// What Linux says of packets of any link, when it captures from all at once.
    pub const LINUX_COOKED: Self = Self(113);
    pub const IPV4: Self = Self(228);
    pub const IPV6: Self = Self(229);
    /// The same with the interface.
    pub const LINUX_COOKED_2: Self = Self(276);
    /// SocketCAN frames.
    pub const CAN: Self = Self(227);
    /// What protocols above the network have said, with tags before it that say to whom ("exported PDUs").
    pub const UPPER_PDU: Self = Self(252);
}

/// Which way a packet went, seen from the machine that captured it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    In,
    Out,
}
