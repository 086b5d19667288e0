//! Work on the stores of a folder while no pipeline runs: rebuild, replay, resend.

use super::error::PipelineError;
use super::partition::forget_configuration;
use super::processor::PartitionProcessor;
use super::setup::PipelineSetup;
use crate::store::{self, StoreError};
use std::path::Path;

/// Computes the derived rows of every store in the folder again from its facts; gives how many rows differed: 0 in a
/// healthy store. Refused while another process writes a store.
pub fn rebuild(setup: &PipelineSetup) -> Result<u64, PipelineError> {
    let mut processor = PartitionProcessor::without_sinks(setup.clone());
    let mut changed = 0;
    for partition in store::partitions(&setup.data)? {
        changed += processor.open(partition)?;
    }
    Ok(changed)
}

/// Judges everything in quarantine again, in every store of the folder, as a changed catalogue would; gives the number
/// of quarantined records before and afterwards. Refused, with nothing changed, while another process writes a store.
pub fn replay(setup: &PipelineSetup) -> Result<(u64, u64), PipelineError> {
    let partitions = store::partitions(&setup.data)?;
    let mut before = 0;
    {
        let writers = partitions.iter().map(|p| store::open_writer(&setup.data, *p)).collect::<Result<Vec<_>, _>>()?;
        for mut writer in writers {
            before += writer.read().tally()?.quarantined;
            forget_configuration(&mut writer)?;
        }
    }
    rebuild(setup)?;
    let mut after = 0;
    for partition in partitions {
        after += store::open_reader(&setup.data, partition)?.tally()?.quarantined;
    }
    Ok((before, after))
}

/// Makes the next run send everything to a sink again, from every store of the folder, dead letters too. Gives how
/// many stores the sink follows. Refused, with nothing changed, while another process writes one of them.
pub fn resend(data: &Path, sink: &str) -> Result<usize, StoreError> {
    let partitions = store::partitions(data)?.into_iter();
    let mut writers = partitions.map(|p| store::open_writer(data, p)).collect::<Result<Vec<_>, _>>()?;
    let mut followed = 0;
    for writer in &mut writers {
        followed += usize::from(writer.change(|change| change.write_again(sink))?);
    }
    Ok(followed)
}

/// Removes the derived rows of every store in the folder; the next opening computes them again.
pub fn drop_derived(data: &Path) -> Result<(), StoreError> {
    for partition in store::partitions(data)? {
        store::open_writer(data, partition)?.remove_derived()?;
    }
    Ok(())
}
