//! The long-running commands: the pipeline's thread, the aggregator with its scoreboard, and the collectors.
//!
//! They end in this order: the collectors stop, the pipeline commits what it has in hand, then everything is closed.

mod aggregator_service;
mod collecting;
mod draining_consumer;
mod pipeline_thread;
mod poll_reporter;
mod process;
mod progress_log;
mod replay;

pub(crate) use aggregator_service::{AggregatorService, serve_until_end};
pub(crate) use collecting::{PlanTexts, collect_until, collector, plan_texts, publish_plans};
pub(crate) use draining_consumer::DrainingConsumer;
pub(crate) use pipeline_thread::{PipelineThread, pipeline_outcome};
pub(crate) use process::{DRAIN_TIMEOUT, end_signal, listen, make_data_dir, runtime};
pub(crate) use replay::{Replay, ReplayRange, read_sources};
