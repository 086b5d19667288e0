//! The subcommands, one file each.

pub(crate) mod aggregate;
pub(crate) mod bundle;
pub(crate) mod check;
pub(crate) mod collect;
mod connect;
pub(crate) mod diff;
pub(crate) mod explain;
pub(crate) mod key;
pub(crate) mod kpi;
mod late_sources;
mod plan_options;
mod poll_results;
pub(crate) mod publish;
pub(crate) mod quarantine;
pub(crate) mod rebuild;
mod reload;
mod replay;
pub(crate) mod report;
mod republish;
pub(crate) mod retract;
pub(crate) mod run;
pub(crate) mod tap;
pub(crate) mod topics;
pub(crate) mod view;
mod vintages;
