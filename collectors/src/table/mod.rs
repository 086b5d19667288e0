//! Tables as Japanese cities publish them: bytes in, rows of cells out, and the readers of their cells.
//!
//! ```text
//! bytes --read--> sheets --Columns::find--> rows by role --number, date, code--> values, or reasons to reject
//! ```
//!
//! Files change name, encoding, format, header row and sheet name from month to month, so the code trusts none of these: the
//! first bytes give the format, the words give the header, and [`number`] and [`date`] have the rules for figures and periods.
//! What cannot be read becomes a [`RejectReason`] or a [`TableError`], which never quotes a data cell. Nothing is guessed, and a
//! missing figure is never 0. The module does no IO, reads no clock and logs nothing; [`TableLimits`] bounds the memory that one
//! file can take.

pub mod code;
pub mod date;
mod error;
pub mod header;
pub mod last_record;
mod limits;
pub mod number;
mod number_format;
pub mod printed_total;
#[cfg(test)]
mod properties;
mod read;
mod reject;
pub mod sheet;
pub mod text;
pub mod total;
pub mod unit;

pub use code::Municipality;
pub use date::{DateLabel, LabelledPeriod};
pub use error::TableError;
pub use header::{Columns, WantedColumn};
pub use limits::{MAX_BYTES, TableLimits};
pub use number::NumberCell;
pub use number_format::NumberFormat;
pub use read::{FileFormat, FileLayout, read, unpacked};
pub use reject::{RejectReason, row_hash};
pub use sheet::{Cell, Sheet, SheetRow};
pub use text::Encoding;
