//! The pipeline on a thread of its own.

use aggregator::pipeline::{self, PipelineError, PipelineSetup};
use anyhow::Context;
use bus::Consumer;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::oneshot;

/// A running pipeline.
pub(crate) struct PipelineThread {
    stop: Arc<AtomicBool>,
    /// Resolves when the pipeline has ended.
    pub(crate) ended: oneshot::Receiver<Result<(), PipelineError>>,
}

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
pub(crate) fn pipeline_outcome(
    ended: Result<Result<(), PipelineError>, oneshot::error::RecvError>,
) -> anyhow::Result<()> {
    ended.context("the pipeline stopped with a fault")?.context("the pipeline cannot go on")
}
