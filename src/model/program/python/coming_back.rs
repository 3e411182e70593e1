//! Answers that arrive at the server that sent them: a socket that hears all packets of its protocol would answer itself
//! without end.

use super::Writer;
use super::script::Script;
use super::socket::Manner;
use crate::model::{Endpoint, Protocol};

/// Answers that the program remembers, as this one does.
const REMEMBERED: usize = 64;

pub(super) fn remember_answers(script: &mut Script) {
    script.line(format!("answers = collections.deque(maxlen={REMEMBERED})"));
}

impl Writer<'_> {
    /// Whether what it answers may arrive at its own socket.
    pub(super) fn may_hear_itself(&self) -> bool {
        let target = &self.recipe.target;
        let hears_itself = match &target.endpoint {
            Endpoint::Raw(_) | Endpoint::Packet(_) => true,
            Endpoint::Descriptor(_) => self.transport.manner != Manner::Connections,
            // Its own address among those that it sends to, or as what its groups hear.
            Endpoint::Udp(_) => self.recipients().is_some() || !target.groups.is_empty(),
            _ => false,
        };
        self.recipe.is_server() && hears_itself && self.answer().is_some()
    }

    pub(super) fn comes_back(&self, script: &mut Script) {
        let protocol = self.recipe.target.endpoint.protocol();
        script.block("def comes_back(server, peer):", |script| {
            script.line("\"\"\"Whether what the server sends to this peer arrives at the server again.\"\"\"");
            if protocol == Protocol::Packet {
                return script.line("return peer[3] == 772  # ARPHRD_LOOPBACK");
            }
            if protocol == Protocol::Descriptor {
                script.block("if server.family == socket.AF_PACKET:", |script| {
                    script.line("return peer[3] == 772  # ARPHRD_LOOPBACK");
                });
                script.block("if server.family not in (socket.AF_INET, socket.AF_INET6):", |script| {
                    script.line("return False");
                });
            }
            script.line("own = server.getsockname()");
            if protocol != Protocol::Raw {
                script.block("if server.type == socket.SOCK_DGRAM and own[1] != peer[1]:", |script| {
                    script.line("return False");
                });
            }
            script.block("if own[0] not in (\"0.0.0.0\", \"::\"):", |script| script.line("return own[0] == peer[0]"));
            script.block("try:", |script| {
                script.line("# Only an address of this machine can be bound.");
                script.block("with socket.socket(server.family, socket.SOCK_DGRAM) as probe:", |script| {
                    script.line("probe.bind((peer[0], 0))");
                });
                script.line("return True");
            });
            script.block("except OSError:", |script| script.line("return False"));
        });
    }

    /// Goes on to the next datagram where this one is an answer that came back; `answer` is what is sent otherwise.
    pub(super) fn skip_what_came_back(&self, script: &mut Script, answer: &str) {
        script.block("if comes_back(server, peer):", |script| {
            if let Some(size) = self.recipe.asked_receive_size() {
                script.block(format!("if len(data) == {size}:"), |script| {
                    script.line("continue  # It may have been cut, and can't be told from others.");
                });
            }
            script.line("# The kernel may have put a header before it.");
            script.line("sent = next((sent for sent in answers if data.endswith(sent)), None)");
            script.block("if sent is not None:", |script| {
                script.line("answers.remove(sent)");
                script.line("continue");
            });
            script.line(format!("answers.append({answer})"));
        });
    }
}
