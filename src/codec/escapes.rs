//! Text with escapes.
