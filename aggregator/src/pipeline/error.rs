//! Why a pipeline ended.

use crate::store::StoreError;
use bus::BusError;

/// Why a pipeline ended.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The bus cannot be read.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// A store cannot be opened, read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A thread panicked; the panic is on stderr.
    #[error("a thread of the pipeline panicked")]
    Panicked,
    /// The processor ended before the decoder.
    #[error("the processing thread ended early")]
    Ended,
    /// Everything is stored, but a sink did not take all of it; the next run sends the rest.
    #[error("not everything was written: {0}; the rest is stored, run again when that works")]
    Undrained(String),
}
