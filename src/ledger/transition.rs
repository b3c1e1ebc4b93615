//! The class of every vehicle and the low-emission share.
