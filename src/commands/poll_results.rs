//! The results of polls in commands that end by themselves.

use collectors::runner::once::CollectedSource;

/// Prints the result of each source to stderr; fails when one could not be polled.
pub(crate) fn finish(collected: &[CollectedSource]) -> anyhow::Result<()> {
    let mut failed = 0;
    for one in collected {
        match &one.result {
            Ok((_, summary)) => {
                failed += usize::from(summary.failure.is_some());
                let (plan, source, outcome) = (&one.plan, &one.source, summary.outcome);
                let (figures, rejects) = (summary.observations, summary.rejects);
                eprintln!("{plan} {source}: {outcome}, {figures} figure(s), {rejects} reject(s)");
                if let Some(failure) = &summary.failure {
                    eprintln!("  {failure}");
                }
            }
            Err(error) => {
                failed += 1;
                eprintln!("{} {}: {error}", one.plan, one.source);
            }
        }
    }
    if failed > 0 {
        anyhow::bail!("{failed} of {} source(s) failed", collected.len());
    }
    Ok(())
}
