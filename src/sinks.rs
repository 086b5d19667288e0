//! Who is told of what changed, as it is configured.

use crate::city::City;
use crate::settings;
use aggregator::sinks::SinkMaker;
use aggregator::sinks::influxdb::Influx;
use contract::reader::Mistake;
use std::sync::Arc;

/// The configured sinks.
pub(crate) fn configured(city: &City) -> Result<Arc<[SinkMaker]>, Mistake> {
    let mut sinks = Vec::new();
    sinks.extend(influxdb(city)?);
    Ok(sinks.into())
}

fn influxdb(city: &City) -> Result<Option<SinkMaker>, Mistake> {
    let said = city.settings.influxdb.as_ref().zip(city.settings.influxdb_token(&city.folder)?);
    let Some((said, token)) = said else { return Ok(None) };
    let influx = Influx::new(&said.url, &said.org, &said.bucket, &*token);
    let sink = influx.sink().map_err(|e| settings::mistake(&city.folder, "influxdb", e.to_string()))?;
    Ok(Some(sink))
}
