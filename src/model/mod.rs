//! F1: the nouns. Ids, the register, the content of a message (observation), the conclusions (fact), and their vocabulary.

mod activity;
mod alert;
mod attempts;
mod charge_point_facts;
mod charging;
mod day_series;
mod emission_facts;
mod exempt;
mod fact;
mod fleet_facts;
mod id;
mod imported;
mod indicator;
mod intensity;
mod observation;
mod ocpp;
mod operation_facts;
pub mod password;
mod provisioning;
mod quantity;
mod redact;
pub mod register;
mod rollup;
mod stats;
mod subscription;
mod suggest;
mod target_facts;
mod token;
mod year_version;

pub use activity::{ActivityData, ActivityKey, ActivityRow, EnergyUser, Subject};
pub use alert::{
    ALERT_STATES, AlertFact, EmissionsSample, Fingerprint, Labels, Notice, NoticeAlert, NoticeKind,
    Severity,
};
pub use attempts::{Attempts, MINUTE};
pub use charge_point_facts::{
    ChargePointInfoFact, ChargePointStatusFact, ConformanceFact, ConnectorTimeFact, MeterValuesFact,
};
pub use charging::{
    ClosedSession, ConnectorStatus, HalfHour, MeterSample, ReadingContext, SessionMethod,
    SessionQuality, SessionRecord, SignedData,
};
pub use day_series::{DaySeries, ZeroRowFact};
pub use emission_facts::{AirFact, EmissionsFact, METHOD_TIERS};
pub use exempt::{ExemptReason, ExemptTime, ExemptWindow};
pub use fact::{Fact, Powertrain, TelemetryFact, VehicleTags};
pub use fleet_facts::{
    AvoidedFact, FleetGroupFact, ProjectionFact, SiteEmissionsFact, SiteInfoFact, VehicleInfoFact,
};
pub use id::{IdError, check_id};
pub use imported::{ImportKind, ImportedRow, spread_days};
pub use indicator::{Indicator, IndicatorKey, IndicatorReport, IndicatorSource};
pub use intensity::{ChargingIntensityFact, GridArea, HALF_HOUR_MS, IntensitySlot};
pub use observation::{
    BrokerLink, ChargePointEvent, ChargePointMessage, DecoderMemory, Deviations, FeedFormat, Issue,
    Observation, OwnState, Reading, ReadingEntry, Sequence, TransactionEvent, TransactionEventKind,
    Value,
};
pub use ocpp::{LinkMode, OcppVersion, TransactionId};
pub use operation_facts::{CounterEventFact, DataQualityFact, IngestStatsFact};
pub use provisioning::{
    CommandChannel, Inventory, KeyState, ProvisioningEvent, ProvisioningSnapshot,
    ProvisioningState, WriteOutcome,
};
pub use quantity::{AssetKind, CounterKind, Quantity};
pub use redact::redact;
pub use rollup::{
    RollupRow, RollupSums, SLOT_MS, SLOTS_A_DAY, Series, Slots, day_of_slot, slot_of, slot_start,
};
pub use stats::{OutputStats, Reject, RejectReason, Stats, StatsSnapshot};
pub use subscription::Subscription;
pub use suggest::nearest;
pub use target_facts::{TargetFact, TransitionFact};
pub use token::{IdTokenHash, TokenHasher, normalise_id_token};
pub use year_version::YearVersion;
