//! Standard input, read on a thread of its own.

use std::io::{self, Read};

use crossbeam_channel::{Receiver, bounded};

use crate::engine::Engine;

/// What reading standard input brought.
#[derive(Debug)]
pub(super) enum Chunk {
    Bytes(Vec<u8>),
    End,
    Failed(io::Error),
}

/// Bytes that one read asks for: the most that one datagram over IPv4 carries, so that a chunk always fits one.
const CHUNK: usize = 65_507;

/// Starts reading. A chunk is read ahead at most; the rest stays with whoever writes it.
pub(super) fn read(engine: &Engine) -> Receiver<Chunk> {
    let (sender, receiver) = bounded(0);
    engine.run_detached("standard-input", move || {
        let mut input = io::stdin().lock();
        let mut buffer = vec![0; CHUNK];
        loop {
            let chunk = match input.read(&mut buffer) {
                Ok(0) => Chunk::End,
                Ok(len) => Chunk::Bytes(buffer[..len].to_vec()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => Chunk::Failed(error),
            };
            let last = !matches!(chunk, Chunk::Bytes(_));
            if sender.send(chunk).is_err() || last {
                return;
            }
        }
    });
    receiver
}
