//! Runs every file of `scenarios/`: the judgement of a KPI, at the end of each report period, from the figures given.
#![allow(clippy::unwrap_used, reason = "a test may stop at what is wrong")]

use aggregator_core::scenario::Scenario;

#[test]
fn every_scenario_says_what_is_expected() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "txt"));
    files.sort();
    let (mut wrong, mut checked) = (Vec::new(), 0);
    for path in &files {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        match Scenario::parse(&name, &std::fs::read_to_string(path).unwrap(), &[]) {
            Ok(scenario) => {
                checked += scenario.periods().len();
                wrong.extend(scenario.run());
            }
            Err(mistakes) => wrong.extend(mistakes),
        }
    }
    let wrong: Vec<String> = wrong.iter().map(ToString::to_string).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(files.len() >= 95 && checked >= 500, "{} scenarios with {checked} expectations", files.len());
}
