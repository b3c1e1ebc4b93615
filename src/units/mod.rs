//! F0: quantities with units and civil time. Nothing here reads a clock; every instant is an argument.

mod civil;
mod decimal;
mod emission;
mod instant;
mod month;
mod weekly;
mod zone;

pub use civil::{Calendar, Day, FinancialYear, ParseDayError};
pub use decimal::{Decimal, DecimalError, Thousandths, format_scaled, parse_scaled};
pub use emission::{
    KgCo2e, KgCo2eLocation, KgCo2eMarket, KgCo2ePerKm, KgCo2ePerKwh, KgCo2ePerLitre, KilowattHours,
    Km, Litres,
};
pub use instant::{ParseInstantError, ParsedInstant, UtcMs};
pub use month::{Month, ParseMonthError};
pub use weekly::{ParseWeeklyError, WeeklyHours};
pub use zone::Zone;
