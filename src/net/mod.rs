//! Sockets: the only place that names `std::net`, `std::os::unix::net` or `socket2`.
