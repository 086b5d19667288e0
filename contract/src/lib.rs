//! What travels: records, periods, the catalogue and the wire form.

pub mod backoff;
pub mod bilingual;
pub mod borrowed;
mod breakdown;
pub mod business_day;
pub mod catalogue;
pub mod decimals;
pub mod era;
pub mod error;
pub mod exact;
pub mod period;
mod poll_size;
pub mod reader;
pub mod record;
pub mod signing;
pub mod time;
pub mod tls;
pub mod wire;
