//! OCPP frames to charge point events: our own lenient one-pass reader.
