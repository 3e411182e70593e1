use std::collections::VecDeque;

use crate::model::{Event, Progress, TransferEnd, TransferId, TransferInfo};

/// Rates that are kept for the plot: those of the last twelve seconds, while bytes cross.
const RATES: usize = 120;

/// Ended transfers that stay visible.
const ENDED_MAX: usize = 20;

/// One file on its way or arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferView {
    pub info: TransferInfo,
    pub progress: Option<Progress>,
    /// Bytes a second at each report, latest last.
    pub rates: VecDeque<u64>,
    /// It waits for the user's word.
    pub asks: bool,
    pub paused: bool,
    pub end: Option<TransferEnd>,
}

impl TransferView {
    fn new(info: TransferInfo) -> Self {
        Self { info, progress: None, rates: VecDeque::new(), asks: false, paused: false, end: None }
    }

    fn progressed(&mut self, progress: Progress) {
        self.progress = Some(progress);
        self.asks = false;
        self.rates.push_back(progress.rate);
        if self.rates.len() > RATES {
            self.rates.pop_front();
        }
    }
}

/// The files of one tab, latest last.
#[derive(Clone, Debug, Default)]
pub struct Transfers {
    rows: Vec<TransferView>,
    /// The one whose name is being given other bytes, and how many.
    pub split: Option<(TransferId, usize)>,
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
        self.rows.push(TransferView::new(info));
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
            Event::TransferAsks { transfer } => self.find(*transfer).map(|row| row.asks = true).is_some(),
            Event::TransferProgress { transfer, progress } => {
                self.find(*transfer).map(|row| row.progressed(*progress)).is_some()
            }
            Event::TransferPaused { transfer, paused } => {
                self.find(*transfer).map(|row| row.paused = *paused).is_some()
            }
            Event::TransferEnded { transfer, end } => {
                self.find(*transfer).map(|row| (row.asks, row.end) = (false, Some(end.clone()))).is_some()
            }
            _ => false,
        }
    }

    fn find(&mut self, transfer: TransferId) -> Option<&mut TransferView> {
        self.rows.iter_mut().rev().find(|row| row.info.id == transfer)
    }
}
