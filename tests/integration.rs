//! What crosses a crate's border, in one executable, so that it is linked once and its tests wait beside each other.

mod allocator;
mod api;
mod before;
mod broker_away;
mod bundle;
mod charts;
mod clock;
mod crash;
mod decimals;
mod diff;
mod end_to_end;
mod goals;
mod keys;
mod kpi;
mod large_poll;
mod late_sources;
mod publish;
mod quarantine;
mod reload;
mod replay;
mod retract;
mod sapporo;
mod support;
mod tap;
mod transports;
mod vintages;
