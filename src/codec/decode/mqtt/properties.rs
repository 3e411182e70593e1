//! Properties of version 5 (section 2.2.2).

use super::{Fields, Version, text, variable};
use crate::codec::decode::reader::Reader;
use crate::codec::hex;

/// Properties of one packet that are listed.
const LISTED_MAX: usize = 32;
/// Bytes of binary data that are shown.
const DATA_MAX: usize = 64;

/// How a property's value is written.
#[derive(Clone, Copy)]
enum Form {
    Byte,
    Two,
    Four,
    Variable,
    Text,
    Data,
    Pair,
}

/// Adds the properties that stand here; there are none before version 5. `None` where they are not what they have to be.
pub(super) fn read(version: Version, reader: &mut Reader<'_>, fields: &mut Fields) -> Option<()> {
    if version == Version::V3 {
        return Some(());
    }
    let len = variable(reader)?;
    let mut properties = Reader::new(reader.take(len as usize)?);
    let mut listed = 0;
    while !properties.is_empty() {
        let (name, form) = property(variable(&mut properties)?)?;
        let value = value(form, &mut properties)?;
        if listed < LISTED_MAX {
            fields.push(("property", format!("{name} = {value}")));
        } else if listed == LISTED_MAX {
            fields.push(("more", "properties".to_owned()));
        }
        listed += 1;
    }
    Some(())
}

fn value(form: Form, reader: &mut Reader<'_>) -> Option<String> {
    Some(match form {
        Form::Byte => reader.u8()?.to_string(),
        Form::Two => reader.u16()?.to_string(),
        Form::Four => reader.u32()?.to_string(),
        Form::Variable => variable(reader)?.to_string(),
        Form::Text => text(reader)?,
        Form::Data => {
            let data = reader.counted()?;
            let more = if data.len() > DATA_MAX { " …" } else { "" };
            format!("{}{more}", hex::format(&data[..data.len().min(DATA_MAX)]))
        }
        Form::Pair => format!("{}: {}", text(reader)?, text(reader)?),
    })
}

fn property(id: u32) -> Option<(&'static str, Form)> {
    Some(match id {
        1 => ("payload format", Form::Byte),
        2 => ("message expiry", Form::Four),
        3 => ("content type", Form::Text),
        8 => ("response topic", Form::Text),
        9 => ("correlation data", Form::Data),
        11 => ("subscription identifier", Form::Variable),
        17 => ("session expiry", Form::Four),
        18 => ("assigned client", Form::Text),
        19 => ("server keep alive", Form::Two),
        21 => ("authentication method", Form::Text),
        22 => ("authentication data", Form::Data),
        23 => ("request problem information", Form::Byte),
        24 => ("will delay", Form::Four),
        25 => ("request response information", Form::Byte),
        26 => ("response information", Form::Text),
        28 => ("server reference", Form::Text),
        31 => ("reason", Form::Text),
        33 => ("receive maximum", Form::Two),
        34 => ("topic alias maximum", Form::Two),
        35 => ("topic alias", Form::Two),
        36 => ("maximum quality of service", Form::Byte),
        37 => ("retain available", Form::Byte),
        38 => ("user property", Form::Pair),
        39 => ("maximum packet size", Form::Four),
        40 => ("wildcards available", Form::Byte),
        41 => ("subscription identifiers available", Form::Byte),
        42 => ("shared subscriptions available", Form::Byte),
        _ => return None,
    })
}
