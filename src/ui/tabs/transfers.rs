use std::path::PathBuf;

use crate::model::{Event, Failure, Outcome, Progress, TransferId, TransferInfo};

/// Ended transfers that stay visible.
const ENDED_MAX: usize = 20;

/// How a transfer ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferEnd {
    pub outcome: Outcome,
    pub path: PathBuf,
    pub size: u64,
    pub failure: Option<Failure>,
}

/// One file on its way or arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferView {
    pub info: TransferInfo,
    pub progress: Option<Progress>,
    pub end: Option<TransferEnd>,
}

/// The files of one tab, latest last.
#[derive(Clone, Debug, Default)]
pub struct Transfers {
    rows: Vec<TransferView>,
}

impl Transfers {
    #[must_use]
    pub fn rows(&self) -> &[TransferView] {
        &self.rows
    }

    #[must_use]
    pub fn any_ended(&self) -> bool {
        self.rows.iter().any(|row| row.end.is_some())
    }

    /// Takes ended transfers out of sight.
    pub fn forget_ended(&mut self) {
        self.rows.retain(|row| row.end.is_none());
    }

    pub fn started(&mut self, info: TransferInfo) {
        self.rows.push(TransferView { info, progress: None, end: None });
        let mut surplus = self.rows.iter().filter(|row| row.end.is_some()).count().saturating_sub(ENDED_MAX);
        self.rows.retain(|row| {
            let drop = surplus > 0 && row.end.is_some();
            surplus -= usize::from(drop);
            !drop
        });
    }

    /// Takes a progress or an end in; false when it is about no transfer of this tab.
    pub fn on_event(&mut self, event: &Event) -> bool {
        match event {
            Event::TransferProgress { transfer, progress } => {
                self.find(*transfer).map(|row| row.progress = Some(*progress)).is_some()
            }
            Event::TransferEnded { transfer, outcome, path, size, failure } => {
                let end = TransferEnd { outcome: *outcome, path: path.clone(), size: *size, failure: failure.clone() };
                self.find(*transfer).map(|row| row.end = Some(end)).is_some()
            }
            _ => false,
        }
    }

    fn find(&mut self, transfer: TransferId) -> Option<&mut TransferView> {
        self.rows.iter_mut().rev().find(|row| row.info.id == transfer)
    }
}
