//! Passwords of devices and charge points: stored as PBKDF2 hashes, compared in constant time.
