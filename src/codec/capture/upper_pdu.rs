//! What stands before the bytes of a packet of [`super::LinkType::UPPER_PDU`]: tags, big-endian, each with its length. The
//! numbers are those of Wireshark's `wsutil/exported_pdu_tlvs.h`.

use super::Way;

const END: u16 = 0;
const DISSECTOR_NAME: u16 = 12;
const DIRECTION: u16 = 35;
const INFO_TEXT: u16 = 36;

/// Appends the tags. `dissector` is who reads the bytes (`data`: nobody), `text` what stands beside them in a list.
pub fn head(out: &mut Vec<u8>, dissector: &str, way: Way, text: &str) {
    tag(out, DISSECTOR_NAME, dissector.as_bytes());
    let direction: u32 = match way {
        Way::Out => 0,
        Way::In => 1,
    };
    tag(out, DIRECTION, &direction.to_be_bytes());
    tag(out, INFO_TEXT, text.as_bytes());
    tag(out, END, b"");
}

/// Texts are filled up with zeros, which count.
fn tag(out: &mut Vec<u8>, number: u16, value: &[u8]) {
    let value = &value[..value.len().min(usize::from(u16::MAX) - 3)];
    let len = value.len().next_multiple_of(4);
    out.extend(number.to_be_bytes());
    out.extend((len as u16).to_be_bytes());
    out.extend_from_slice(value);
    out.extend(&[0; 3][..len - value.len()]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_filled_up_and_end() {
        let mut out = Vec::new();
        head(&mut out, "data", Way::In, "@name");
        assert_eq!(out, b"\0\x0c\0\x04data\0\x23\0\x04\0\0\0\x01\0\x24\0\x08@name\0\0\0\0\0\0\0");
    }
}
