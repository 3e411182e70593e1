//! What a server does once it is bound.

use super::coming_back::remember_answers;
use super::script::Script;
use super::socket::{Manner, Place};
use super::{SHOWN, Writer, recipients};
use crate::model::Respond;

/// Takes one connection.
fn accept(script: &mut Script) {
    script.line("connection, peer = server.accept()");
    script.line("threading.Thread(target=serve, args=(connection, peer), daemon=True).start()");
}

impl Writer<'_> {
    pub(super) fn server(&self, script: &mut Script) {
        self.with_socket(script, |script| {
            match self.transport.manner {
                Manner::Connections => script.line(format!("server.listen({})", self.recipe.backlog())),
                Manner::Adopted => {
                    self.find_out(script);
                    self.listen_unless_it_does(script);
                }
                _ => {}
            }
            if self.greets() {
                match self.transport.manner {
                    Manner::Connections => {}
                    Manner::Adopted | Manner::Datagrams | Manner::Routed | Manner::Link => {
                        script.line("greeted = set()");
                    }
                    Manner::Bus | Manner::ConnectedBus => script.line("server.send(MESSAGE)"),
                }
            }
            if self.may_hear_itself() {
                remember_answers(script);
            }
            script.block("try:", |script| {
                // Within: who reads it may interrupt at once.
                script.line("print(\"listening on\", server.getsockname(), flush=True)");
                if self.transport.manner == Manner::Adopted {
                    script.block("while has_connection:", accept);
                }
                if self.recipients().is_some() {
                    script.lines(&recipients::sends("server"));
                }
                script.block("while True:", |script| match self.transport.manner {
                    Manner::Connections => accept(script),
                    Manner::Adopted | Manner::Datagrams | Manner::Routed | Manner::Link => self.answer_peers(script),
                    Manner::Bus | Manner::ConnectedBus => self.answer_bus(script),
                });
            });
            script.block("except KeyboardInterrupt:", |script| script.line("pass"));
            if self.path().is_some() {
                // Somebody else's may stand there by now, or nothing.
                script.block("finally:", |script| {
                    script.block("if os.path.lexists(PATH) and os.path.samestat(os.lstat(PATH), own):", |script| {
                        script.line("os.unlink(PATH)");
                    });
                });
            }
        });
        if self.accepts() {
            script.line("# At an ordinary exit, a thread that prints just then would be a fatal error.");
            script.line("os._exit(0)");
        }
    }

    /// One connection, in a thread of its own.
    pub(super) fn serve(&self, script: &mut Script) {
        script.block("def serve(connection, peer):", |script| {
            script.line("print(\"accepted\", peer, flush=True)");
            script.block("try:", |script| {
                script.block("with connection:", |script| {
                    if self.recipe.message().is_some_and(|message| !message.is_empty()) {
                        script.line("connection.sendall(MESSAGE)");
                    }
                    if self.recipe.folder().is_some() {
                        return script.line("keep(connection, peer)");
                    }
                    script.block("while True:", |script| {
                        script.line(format!("data = connection.recv({})", self.recipe.receive_size()));
                        script.block("if not data:", |script| script.line("break"));
                        script.line(format!("print(peer, {SHOWN}, flush=True)"));
                        if let Some(answer) = self.answer().filter(|_| self.recipe.reply() != Some(b"")) {
                            script.line(format!("connection.sendall({answer})"));
                        }
                    });
                });
                script.line("print(\"closed\", peer, flush=True)");
            });
            script.block("except OSError as error:", |script| script.line("print(peer, error, flush=True)"));
        });
    }

    /// Whether each peer gets the message.
    pub(super) fn greets(&self) -> bool {
        self.recipe.message().is_some() && self.recipients().is_none()
    }

    /// The expression for what is sent back, where anything is.
    pub(super) fn answer(&self) -> Option<&'static str> {
        match self.recipe.respond {
            _ if self.recipe.folder().is_some() => None,
            Respond::Echo => Some("data"),
            Respond::Reply(_) => self.recipe.reply().map(|_| "REPLY"),
            Respond::Nothing => None,
        }
    }

    fn answer_peers(&self, script: &mut Script) {
        script.line(self.receive());
        script.line(format!("print(peer, {SHOWN}, flush=True)"));
        let may_be_unnamed =
            self.recipe.target.endpoint.unix_name().is_some() || matches!(self.transport.place, Place::Open(_));
        let greets = self.greets();
        let answer = self.answer();
        if may_be_unnamed && (greets || answer.is_some()) {
            // A sender that bound no name can't be answered.
            script.block("if not peer:", |script| script.line("continue"));
        }
        if greets {
            script.block("if peer not in greeted:", |script| {
                script.line("greeted.add(peer)");
                script.line(self.send_back("MESSAGE"));
            });
        }
        if let Some(answer) = answer {
            if self.may_hear_itself() {
                self.skip_what_came_back(script, answer);
            }
            script.line(self.send_back(answer));
        }
    }

    fn answer_bus(&self, script: &mut Script) {
        script.line(format!("data = server.recv({})", self.recipe.receive_size()));
        script.line("print(data.hex(\" \"), flush=True)");
        if let Some(answer) = self.answer() {
            script.line(format!("server.send({answer})"));
        }
    }
}
