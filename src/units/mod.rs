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
    Grams, GramsCo2, GramsCo2PerKwh, GramsPerKm, KgCo2Biogenic, KgCo2e, KgCo2eLocation,
    KgCo2eMarket, KgCo2ePerKm, KgCo2ePerKwh, KgCo2ePerLitre, KgCo2ePerUnit, KgCo2eSquared,
    Kilograms, KilowattHours, Km, KwhPerKm, Litres, LitresPerKm, Metres, MetresPerDay, Millilitres,
    Ratio, TenthWattHours,
};
pub use instant::{ParseInstantError, ParsedInstant, UtcMs};
pub use month::{Month, ParseMonthError};
pub use weekly::{ParseWeeklyError, WeeklyHours};
pub use zone::Zone;
