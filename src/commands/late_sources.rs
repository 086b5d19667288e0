//! What `check` and a dry run suggest of the figures themselves: `from` for a source that begins later than it is asked for.

use crate::configuration::Configuration;
use aggregator::plan_states::PlanStates;
use aggregator::store;
use aggregator::vintage;
use aggregator_core::late_sources::{LateSource, late_sources};
use anyhow::Context;
use collectors::runner::once::CollectedSource;
use contract::catalogue::Catalogue;
use contract::reader::Mistake;
use contract::record::Record;

/// Suggests by what is stored; nothing where nothing is.
pub(super) fn of_stores(configuration: &Configuration) -> anyhow::Result<()> {
    let folder = &configuration.settings.data_dir;
    if !folder.is_dir() {
        return Ok(());
    }
    let readers = store::open_readers(folder)?;
    let states = vintage::plan_states(&readers, configuration.configured().empty_states());
    print(configuration, &states.context("the store cannot be read")?);
    Ok(())
}

/// Suggests by what a dry run has read.
pub(super) fn of_polls(configuration: &Configuration, collected: &[CollectedSource]) {
    let mut states = configuration.configured().empty_states();
    let records = collected.iter().filter_map(|one| one.result.as_ref().ok()).flat_map(|(records, _)| records);
    for record in records {
        let Record::Observation(observation) = record else { continue };
        if let Some(state) = states.get_mut(&observation.plan) {
            // The pipeline would put one that is not admitted into quarantine.
            let _ = state.insert(observation);
        }
    }
    print(configuration, &states);
}

fn print(configuration: &Configuration, states: &PlanStates) {
    for plan in &configuration.plans {
        let Some(state) = states.get(&plan.catalogue.plan.id) else { continue };
        for late in late_sources(&state.catalogue, state.ledger()) {
            eprintln!("hint: {}", hint(&plan.name, &state.catalogue, &late));
        }
    }
}

fn hint(file: &str, catalogue: &Catalogue, late: &LateSource<'_>) -> Mistake {
    let series = &catalogue.series[late.series];
    let source = &series.sources[late.source];
    let (first, asked) = (late.first.date(), late.asked.date());
    let message = format!(
        "the figures of source `{}` begin on {first}, and KPI `{}` asks series `{}` for them since {asked}: without \
         `from = \"{first}\"` the months before count as missing",
        source.id, late.kpi.id, series.id
    );
    Mistake { file: file.to_owned(), line: source.line, message }
}
