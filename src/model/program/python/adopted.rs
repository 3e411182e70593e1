//! A descriptor, of which the program finds out what it is.

use super::Writer;
use super::script::Script;
use crate::model::SocketOption;

/// An empty message is a datagram; over a connection it is nothing, or looks like its end.
pub(super) fn send_nothing(script: &mut Script) {
    script.block("if not has_connection:", |script| script.line("client.send(MESSAGE)"));
}

impl Writer<'_> {
    /// Sets the variable `has_connection`.
    pub(super) fn find_out(&self, script: &mut Script) {
        let name = self.name;
        // Seqpacket sockets of other families, RDS for one, are never connected.
        script.line(format!("has_connection = {name}.type == socket.SOCK_STREAM or ("));
        script.line(format!("    {name}.type == socket.SOCK_SEQPACKET and {name}.family == socket.AF_UNIX"));
        script.line(")");
    }

    /// Where it listens already, as what a service manager passes does, its queue stays as long as it is.
    pub(super) fn listen_unless_it_does(&self, script: &mut Script) {
        let condition = if self.recipe.target.options.get(SocketOption::Backlog).is_some() {
            "if has_connection:"
        } else {
            "if has_connection and not server.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):"
        };
        script.block(condition, |script| script.line(format!("server.listen({})", self.recipe.backlog())));
    }
}
