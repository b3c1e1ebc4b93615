//! Dated emission factors: files (`file`, `cells`, `values`) become one `table` of rows, the table becomes `sets` that are looked up by
//! day under a `year_policy`.

mod cells;
mod diff;
mod file;
mod row;
mod sets;
mod table;
mod values;
mod year_policy;

pub use diff::{Change, FactorChange, diff};
pub use row::{
    BySpeed, EmissionFactor, Exhaust, FactorKey, FactorKind, FactorRow, FactorValue, Wear,
};
pub use sets::FactorSets;
pub use table::{FactorError, FactorMistake, FactorTable};
pub(super) use values::{PRINTED_MIX, at_mix};
pub use year_policy::{Dated, FactorSetId, YearPolicy};
