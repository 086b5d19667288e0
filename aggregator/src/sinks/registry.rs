//! The kinds of sinks. A new one adds its folder and a line here.

use super::kind::SinkKind;
use super::{alertmanager, influxdb, webhook};

/// Every kind of sink.
pub const KINDS: [SinkKind; 3] = [influxdb::KIND, alertmanager::KIND, webhook::KIND];
