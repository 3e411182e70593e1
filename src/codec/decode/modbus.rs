//! Modbus over TCP: its header ("MODBUS Messaging on TCP/IP Implementation Guide" V1.0b, section 3.1.3), and requests and
//! answers ("MODBUS Application Protocol Specification" V1.1b3, section 6).
//!
//! Nothing in a message says which of the two it is; where both fit, both are told.

use super::Decoded;
use super::reader::Reader;
use crate::codec::hex;

/// Messages that are described one by one; what follows is counted in bytes.
const MESSAGES_MAX: usize = 16;
/// Before the function code: transaction, protocol, length, unit.
const HEADER_SIZE: usize = 7;
/// The most that the header's length may say: the unit and 253 bytes.
const LENGTH_MAX: u16 = 254;
/// Bit of the function code that marks an exception.
const EXCEPTION: u8 = 0x80;

/// The messages that begin with the first byte of `len`, of which `head` is there.
pub(super) fn decode(head: &[u8], len: u64) -> Option<Decoded> {
    let mut decoded = Decoded::default();
    let mut summary = Vec::new();
    let mut left = len;
    let mut reader = Reader::new(head);
    for _ in 0..MESSAGES_MAX {
        let mut ahead = reader;
        let Some(header) = Header::read(&mut ahead) else { break };
        let Some(function) = ahead.u8() else { break };
        let body_len = usize::from(header.length) - 2;
        let Some(body) = ahead.take(body_len) else {
            // Which reading fits, only the whole tells; the header alone stands in any bytes with two zeros.
            if !summary.is_empty() || name(function & !EXCEPTION).is_some() {
                summary.push(format!("{} …", words(function)));
                header.tell(function, &mut decoded);
                let here = (left - HEADER_SIZE as u64 - 1).min(body_len as u64);
                if here < body_len as u64 {
                    decoded.fields.push(("data", format!("{here} of {body_len} bytes here")));
                }
                left = left.saturating_sub((HEADER_SIZE + 1 + body_len) as u64);
            }
            break;
        };
        let Some(readings) = readings(function, body) else { break };
        header.tell(function, &mut decoded);
        let told: Vec<_> = readings.iter().map(|(kind, words)| format!("{kind} {words}")).collect();
        summary.push(format!("{} {}", words(function), told.join(" or ")).trim_end().to_owned());
        decoded.fields.extend(readings);
        left -= (ahead.at() - reader.at()) as u64;
        reader = ahead;
    }
    decoded.of_messages(summary, left)
}

/// Whether `bytes` are whole messages of functions whose form is known, and nothing else: enough to say so of bytes that
/// nobody has said anything of.
pub(super) fn is_certain(bytes: &[u8], len: u64) -> bool {
    let mut reader = Reader::new(bytes);
    if bytes.len() as u64 != len || bytes.is_empty() {
        return false;
    }
    while !reader.is_empty() {
        let Some(header) = Header::read(&mut reader) else { return false };
        let function = reader.u8();
        let body = reader.take(usize::from(header.length) - 2);
        let readings = function.zip(body).and_then(|(function, body)| readings(function, body));
        if readings.is_none_or(|readings| readings.iter().any(|(kind, _)| *kind == "data")) {
            return false;
        }
    }
    true
}

struct Header {
    transaction: u16,
    length: u16,
    unit: u8,
}

impl Header {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let (transaction, protocol, length, unit) = (reader.u16()?, reader.u16()?, reader.u16()?, reader.u8()?);
        (protocol == 0 && (2..=LENGTH_MAX).contains(&length)).then_some(Self { transaction, length, unit })
    }

    fn tell(&self, function: u8, decoded: &mut Decoded) {
        decoded.fields.push(("transaction", self.transaction.to_string()));
        decoded.fields.push(("unit", self.unit.to_string()));
        decoded.fields.push(("function", format!("{} ({})", function & !EXCEPTION, words(function))));
    }
}

fn words(function: u8) -> String {
    name(function & !EXCEPTION).map_or_else(|| format!("function {}", function & !EXCEPTION), str::to_owned)
}

/// What the bytes behind the function code may be; `None` where they are nothing that the function allows.
fn readings(function: u8, body: &[u8]) -> Option<Vec<(&'static str, String)>> {
    if function & EXCEPTION != 0 {
        let [code] = body else { return None };
        let name = exception(*code).map(|name| format!(" ({name})")).unwrap_or_default();
        return Some(vec![("exception", format!("{code}{name}"))]);
    }
    let found: Vec<_> = match function {
        1..=4 => [range("request", body), values(function, body)].into_iter().flatten().collect(),
        // The answer is the request's echo.
        5 => written(body, |value| match value {
            0xff00 => Some("on".to_owned()),
            0 => Some("off".to_owned()),
            _ => None,
        }),
        6 => written(body, |value| Some(format!("{value:#06x}"))),
        15 | 16 => [range("answer", body), write_many(function, body)].into_iter().flatten().collect(),
        22 => masked(body).into_iter().collect(),
        23 => [read_and_write(body), values(function, body)].into_iter().flatten().collect(),
        _ => vec![("data", hex::format(body))],
    };
    (!found.is_empty()).then_some(found)
}

/// Where from and how many.
fn range(kind: &'static str, body: &[u8]) -> Option<(&'static str, String)> {
    let mut reader = Reader::new(body);
    let (address, quantity) = (reader.u16()?, reader.u16()?);
    (reader.is_empty() && (1..=2000).contains(&quantity)).then(|| (kind, format!("{quantity} from {address}")))
}

/// What was read: bits in bytes, or registers.
fn values(function: u8, body: &[u8]) -> Option<(&'static str, String)> {
    let (count, values) = body.split_first()?;
    let fits = usize::from(*count) == values.len() && *count > 0;
    (fits && (function < 3 || values.len() % 2 == 0)).then(|| ("answer", shown(function, values)))
}

/// Bits as they came, the lowest of the first byte being the first; registers as numbers.
fn shown(function: u8, values: &[u8]) -> String {
    if matches!(function, 1 | 2 | 15) {
        return hex::format(values);
    }
    let registers = values.chunks_exact(2).map(|pair| format!("{:#06x}", u16::from_be_bytes([pair[0], pair[1]])));
    registers.collect::<Vec<_>>().join(" ")
}

fn written(body: &[u8], value: impl Fn(u16) -> Option<String>) -> Vec<(&'static str, String)> {
    let mut reader = Reader::new(body);
    let Some((address, number)) = reader.u16().zip(reader.u16()) else { return Vec::new() };
    let words = value(number).filter(|_| reader.is_empty());
    words.map(|words| ("request or answer", format!("{address} = {words}"))).into_iter().collect()
}

fn write_many(function: u8, body: &[u8]) -> Option<(&'static str, String)> {
    let mut reader = Reader::new(body);
    let (address, quantity, count) = (reader.u16()?, reader.u16()?, reader.u8()?);
    let bytes = if function == 15 { quantity.div_ceil(8) } else { quantity.checked_mul(2)? };
    let fits = quantity > 0 && u16::from(count) == bytes && reader.rest().len() == usize::from(count);
    fits.then(|| ("request", format!("{quantity} from {address} = {}", shown(function, reader.rest()))))
}

fn masked(body: &[u8]) -> Option<(&'static str, String)> {
    let mut reader = Reader::new(body);
    let (address, and, or) = (reader.u16()?, reader.u16()?, reader.u16()?);
    reader.is_empty().then(|| ("request or answer", format!("{address}, AND {and:#06x}, OR {or:#06x}")))
}

fn read_and_write(body: &[u8]) -> Option<(&'static str, String)> {
    let mut reader = Reader::new(body);
    let (from, read) = (reader.u16()?, reader.u16()?);
    let (_, written) = write_many(16, reader.rest())?;
    Some(("request", format!("{read} from {from}, write {written}")))
}

fn name(function: u8) -> Option<&'static str> {
    Some(match function {
        1 => "Read Coils",
        2 => "Read Discrete Inputs",
        3 => "Read Holding Registers",
        4 => "Read Input Registers",
        5 => "Write Single Coil",
        6 => "Write Single Register",
        7 => "Read Exception Status",
        8 => "Diagnostics",
        11 => "Get Comm Event Counter",
        12 => "Get Comm Event Log",
        15 => "Write Multiple Coils",
        16 => "Write Multiple Registers",
        17 => "Report Server ID",
        20 => "Read File Record",
        21 => "Write File Record",
        22 => "Mask Write Register",
        23 => "Read/Write Multiple Registers",
        24 => "Read FIFO Queue",
        43 => "Encapsulated Interface Transport",
        _ => return None,
    })
}

/// Section 7 of the specification.
fn exception(code: u8) -> Option<&'static str> {
    Some(match code {
        1 => "illegal function",
        2 => "illegal data address",
        3 => "illegal data value",
        4 => "server device failure",
        5 => "acknowledge",
        6 => "server device busy",
        8 => "memory parity error",
        10 => "gateway path unavailable",
        11 => "gateway target device failed to respond",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Transaction 1, unit 17, and the length that the bytes have.
    fn message(pdu: &[u8]) -> Vec<u8> {
        [&[0, 1, 0, 0, 0, pdu.len() as u8 + 1, 17], pdu].concat()
    }

    fn summary(bytes: &[u8]) -> Option<String> {
        super::decode(bytes, bytes.len() as u64).map(|decoded| decoded.summary)
    }

    #[test]
    fn requests_and_answers_are_read() {
        for (pdu, expected) in [
            (&b"\x03\0\x6b\0\x03"[..], "Read Holding Registers request 3 from 107"),
            (b"\x03\x06\x02\x2b\0\0\0\x64", "Read Holding Registers answer 0x022b 0x0000 0x0064"),
            (b"\x01\0\x13\0\x13", "Read Coils request 19 from 19"),
            (b"\x01\x03\xcd\x6b\x05", "Read Coils answer cd 6b 05"),
            // An address of which the first byte is the count of an answer, and a quantity that may be one.
            (b"\x01\x03\x10\x00\x05", "Read Coils request 5 from 784 or answer 10 00 05"),
            (b"\x05\0\xac\xff\0", "Write Single Coil request or answer 172 = on"),
            (b"\x06\0\x01\0\x03", "Write Single Register request or answer 1 = 0x0003"),
            (b"\x0f\0\x13\0\x0a\x02\xcd\x01", "Write Multiple Coils request 10 from 19 = cd 01"),
            (b"\x10\0\x01\0\x02\x04\0\x0a\x01\x02", "Write Multiple Registers request 2 from 1 = 0x000a 0x0102"),
            (b"\x10\0\x01\0\x02", "Write Multiple Registers answer 2 from 1"),
            (b"\x16\0\x04\0\xf2\0\x25", "Mask Write Register request or answer 4, AND 0x00f2, OR 0x0025"),
            (
                b"\x17\0\x03\0\x06\0\x0e\0\x01\x02\0\xff",
                "Read/Write Multiple Registers request 6 from 3, write 1 from 14 = 0x00ff",
            ),
            (b"\x83\x02", "Read Holding Registers exception 2 (illegal data address)"),
            (b"\x2b\x0e\x01\0", "Encapsulated Interface Transport data 0e 01 00"),
            (b"\x64\x01", "function 100 data 01"),
        ] {
            assert_eq!(summary(&message(pdu)).as_deref(), Some(expected), "{pdu:02x?}");
        }
    }

    #[test]
    fn several_messages_and_a_cut_one() {
        let request = message(b"\x03\0\x6b\0\x03");
        let two = [&request[..], &message(b"\x83\x02")].concat();
        assert_eq!(
            summary(&two).as_deref(),
            Some(
                "Read Holding Registers request 3 from 107, Read Holding Registers exception 2 (illegal data address)"
            )
        );
        let cut = super::decode(&request[..10], 10).unwrap();
        assert_eq!(cut.summary, "Read Holding Registers …");
        assert!(cut.fields.contains(&("data", "2 of 4 bytes here".to_owned())), "{cut:?}");
        // The rest came; only this head of it is at hand.
        let head = super::decode(&request[..10], 15).unwrap();
        assert!(head.fields.iter().all(|(name, _)| *name != "data"), "{head:?}");
        assert!(head.fields.contains(&("more", "3 bytes".to_owned())), "{head:?}");
        assert_eq!(summary(&[&request[..], b"junk"].concat()).unwrap(), "Read Holding Registers request 3 from 107, …");
    }

    #[test]
    fn what_is_no_message_stays_bytes() {
        for bytes in [&b""[..], b"\0\x01\0\0", b"\0\x01\0\x01\0\x06\x11\x03\0\0\0\x01", b"hello, world!"] {
            assert_eq!(summary(bytes), None, "{bytes:02x?}");
        }
        for pdu in
            [&b"\x03\0\x6b\0"[..], b"\x03\x03\0\0\0", b"\x05\0\x01\0\x01", b"\x10\0\x01\0\x02\x03\0\0\0", b"\x83\x02\0"]
        {
            assert_eq!(summary(&message(pdu)), None, "{pdu:02x?}");
        }
    }

    #[test]
    fn certain_is_what_has_a_known_form_to_the_last_byte() {
        let certain = |bytes: &[u8]| is_certain(bytes, bytes.len() as u64);
        let request = message(b"\x03\0\x6b\0\x03");
        assert!(certain(&request) && certain(&[&request[..], &request].concat()));
        assert!(!certain(&request[..11]) && !certain(&[&request[..], b"\0"].concat()) && !certain(b""));
        assert!(!certain(&message(b"\x2b\x0e\x01\0")) && !is_certain(&request, 20));
        // However many there are.
        let many = request.repeat(MESSAGES_MAX + 1);
        assert!(certain(&many) && !certain(&[&many[..], b"junk"].concat()));
    }
}
