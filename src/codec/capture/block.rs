//! Numbers that a pcapng file is made of (draft-ietf-opsawg-pcapng): for who writes it and for who reads it.

pub(super) const SECTION_HEADER: u32 = 0x0a0d_0d0a;
pub(super) const INTERFACE: u32 = 1;
/// Obsolete, and still in old files.
pub(super) const PACKET: u32 = 2;
pub(super) const SIMPLE_PACKET: u32 = 3;
pub(super) const ENHANCED_PACKET: u32 = 6;

/// Of a section's header: it tells the order of all that follows.
pub(super) const BYTE_ORDER: u32 = 0x1a2b_3c4d;

/// Ends the options of any block.
pub(super) const OPTION_END: u16 = 0;
/// Of any block.
pub(super) const OPTION_COMMENT: u16 = 1;
pub(super) const SECTION_PROGRAM: u16 = 4;
pub(super) const INTERFACE_NAME: u16 = 2;
pub(super) const INTERFACE_RESOLUTION: u16 = 9;
pub(super) const INTERFACE_TIME_OFFSET: u16 = 14;
pub(super) const PACKET_FLAGS: u16 = 2;
