//! Files: the only place that opens any.
