//! What a replacement plan would do.
