use super::Language;
use crate::codec::visible::visible;
use crate::model::DescriptorKind;
use crate::tr;

/// What stands behind a descriptor: `file /tmp/x`, `terminal /dev/pts/3`.
#[must_use]
pub fn descriptor(language: Language, kind: DescriptorKind, target: &str) -> String {
    let kind = match kind {
        DescriptorKind::File => tr!(language, "descriptor.file"),
        DescriptorKind::Folder => tr!(language, "descriptor.folder"),
        DescriptorKind::Socket => tr!(language, "descriptor.socket"),
        DescriptorKind::Pipe => tr!(language, "descriptor.pipe"),
        DescriptorKind::Terminal => tr!(language, "descriptor.terminal"),
        DescriptorKind::Device => tr!(language, "descriptor.device"),
        DescriptorKind::Other => tr!(language, "descriptor.other"),
    };
    format!("{kind} {}", visible(target)).trim_end().to_owned()
}
