//! The pipeline on a thread of its own.

use aggregator::pipeline::{self, PipelineError, PipelineSetup};
use anyhow::Context;
use bus::{BusError, Consumer};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::oneshot;

/// A running pipeline.
pub(crate) struct PipelineThread {
    stop: Arc<AtomicBool>,
    /// Resolves when the pipeline has ended.
    pub(crate) ended: oneshot::Receiver<Result<(), PipelineError>>,
}

/// How a pipeline ended.
pub(super) type PipelineEnd = Result<Result<(), PipelineError>, oneshot::error::RecvError>;

impl PipelineThread {
    /// Starts a pipeline; `stop` ends it.
    pub(crate) fn start(
        setup: PipelineSetup,
        consumer: Box<dyn Consumer>,
        stop: Arc<AtomicBool>,
    ) -> anyhow::Result<Self> {
        let (sender, ended) = oneshot::channel();
        let flag = Arc::clone(&stop);
        let work = move || {
            // The receiver is gone when the process is ending anyway.
            let _ = sender.send(pipeline::run(&setup, consumer, &flag));
        };
        std::thread::Builder::new()
            .name("process".into())
            .spawn(work)
            .context("the pipeline's thread cannot be started")?;
        Ok(Self { stop, ended })
    }

    /// Lets the pipeline store the batches in hand, and waits until it has closed its stores.
    pub(crate) async fn end(self) -> anyhow::Result<()> {
        self.stop.store(true, Ordering::Release);
        pipeline_outcome(self.ended.await)
    }
}

/// The outcome of a pipeline that has ended, as a command reports it.
pub(crate) fn pipeline_outcome(ended: PipelineEnd) -> anyhow::Result<()> {
    let ended = ended.context("the pipeline stopped with a fault")?;
    ended
        .map_err(|error| match &error {
            PipelineError::Bus(cause) if !remedy(cause).is_empty() => anyhow::anyhow!("{error}{}", remedy(cause)),
            _ => error.into(),
        })
        .context("the pipeline cannot go on")
}

/// What brings the figures back when the topic holds them no longer, behind an error.
pub(super) fn remedy(error: &BusError) -> &'static str {
    match error {
        BusError::Recreated { .. } => {
            "; on Kafka: move the stores away, start again, and run `shihyo collect --republish` on every collector"
        }
        BusError::Gap { .. } => {
            "; on Kafka: make a topic of another name (`kafka.topic`, `shihyo topics ensure`), move the stores away, start \
             again, and run `shihyo collect --republish` on every collector"
        }
        _ => "",
    }
}
