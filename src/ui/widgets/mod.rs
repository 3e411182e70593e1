//! What more than one panel draws.
