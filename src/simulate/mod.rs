//! F4: vehicles and charge points that speak real MQTT and real OCPP to any daemon over sockets.
