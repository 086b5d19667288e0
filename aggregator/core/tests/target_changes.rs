//! Runs every file of `targets/`: what a city changed of a target, and how the KPI stands by the first published one.
#![allow(clippy::unwrap_used, clippy::format_push_string, reason = "a test may stop at what is wrong")]

use aggregator_core::plan_state::PlanState;
use aggregator_core::report::{KpiReport, PlanReport};
use aggregator_core::report_period::ReportPeriod;
use aggregator_core::scenario::Scenario;
use contract::catalogue;
use contract::period::Period;
use contract::record::CatalogueText;
use contract::time::Micros;
use std::collections::BTreeMap;

/// A file of `targets/`, read; its README explains the form.
struct Story {
    scenario: Scenario,
    published: Vec<CatalogueText>,
    expects: Vec<Expected>,
    /// `when | KPI | what | before | after`
    changes: Vec<String>,
    removed: Vec<String>,
}

/// `on | phase | status | value | more`
struct Expected {
    line: String,
    on: Period,
    status: String,
    value: String,
    more: BTreeMap<String, String>,
}

impl Expected {
    fn parse(line: &str) -> Self {
        let columns: Vec<&str> = line.split('|').map(str::trim).collect();
        let pairs = columns[4].split(',').filter_map(|pair| pair.trim().split_once(' '));
        Self {
            line: line.to_owned(),
            on: Period::parse(columns[0]).unwrap(),
            status: columns[2].to_owned(),
            value: columns[3].to_owned(),
            more: pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        }
    }
}

impl Story {
    fn parse(name: &str, text: &str) -> Self {
        let (mut plain, mut published, mut expects) = (String::new(), Vec::new(), Vec::new());
        let (mut changes, mut removed) = (Vec::new(), Vec::new());
        let mut part = "";
        for line in text.lines() {
            if let Some(head) = line.strip_prefix("--- ") {
                part = head.split(' ').next().unwrap();
                if part == "published" {
                    published.push((head.split_once(' ').unwrap().1.trim(), Vec::new()));
                }
            }
            let is_empty = line.is_empty() || line.starts_with("---") || line.starts_with('#');
            match part {
                "published" => published.last_mut().unwrap().1.extend((!is_empty).then_some(line)),
                "expect" => expects.extend((!is_empty).then(|| Expected::parse(line))),
                "changes" => changes.extend((!is_empty).then(|| squeezed(line))),
                "removed" => removed.extend((!is_empty).then(|| squeezed(line))),
                _ => plain.push_str(&format!("{line}\n")),
            }
        }
        // A scenario expects something; what this story expects is compared here.
        let scenario = Scenario::parse(name, &format!("{plain}--- expect\n2022-03 | closed | - | -\n"), &[]);
        let scenario = scenario.unwrap_or_else(|mistakes| panic!("{name}: {mistakes:#?}"));
        let (mut current, mut gone) = (scenario.catalogue_text().to_owned(), String::new());
        let versions = published.into_iter().map(|(time, lines)| {
            for line in lines {
                if let Some(id) = line.strip_prefix("remove ") {
                    let start = current.find(&format!("[[kpi]]\nid = \"{id}\"\n")).unwrap();
                    let end = current[start + 1..].find("[[kpi]]").map_or(current.len(), |next| start + 1 + next);
                    current[start..end].clone_into(&mut gone);
                    current.replace_range(start..end, "");
                    continue;
                }
                if line == "restore" {
                    current.push_str(&gone);
                    continue;
                }
                let (old, new) = line.split_once(" => ").unwrap_or_else(|| panic!("{name}: no change: {line}"));
                assert!(current.contains(old), "{name}: `{old}` is not in\n{current}");
                current = current.replacen(old, &new.replace("\\n", "\n"), 1);
            }
            let revision = Micros::parse(time).unwrap_or_else(|| panic!("{name}: no time: {time}"));
            CatalogueText { plan: "p".into(), revision, text: current.clone() }
        });
        let published = versions.collect();
        Self { scenario, published, expects, changes, removed }
    }

    /// The state when the catalogues came in an order.
    fn state<'a>(&self, order: impl Iterator<Item = &'a CatalogueText>) -> PlanState {
        let last = self.published.iter().max_by_key(|text| text.revision).unwrap();
        let parsed =
            catalogue::parse("last", &last.text).unwrap_or_else(|mistakes| panic!("{mistakes:#?}\n{}", last.text));
        let mut state = PlanState::new(parsed);
        order.for_each(|text| {
            state.publish(text);
        });
        for observation in self.scenario.observations() {
            let _ = state.insert(observation);
        }
        state
    }
}

fn squeezed(line: &str) -> String {
    line.split('|').map(str::trim).collect::<Vec<_>>().join(" | ")
}

fn changes(report: &PlanReport) -> Vec<String> {
    let text = |text: &Option<contract::catalogue::Bilingual>| text.as_ref().map_or("-".to_owned(), |t| t.en.clone());
    let known = |at: &Option<String>| at.as_ref().map_or("-".to_owned(), |at| at[..16].to_owned());
    let of = |kpi: &KpiReport| -> Vec<String> {
        let line = |c: &aggregator_core::target_change::TargetChangeReport| {
            format!("{} | {} | {} | {} | {}", known(&c.known_at), c.kpi, c.field, text(&c.before), text(&c.after))
        };
        kpi.target_changes.iter().map(line).collect()
    };
    report.kpis.iter().flat_map(of).collect()
}

fn removed(report: &PlanReport) -> Vec<String> {
    let known = |at: &Option<String>| at.as_ref().map_or("-".to_owned(), |at| at[..16].to_owned());
    let line = |one: &aggregator_core::target_change::RemovedKpiReport| {
        let by = one.replaced_by.as_deref().unwrap_or("-");
        format!("{} | {} | {} | {by}", known(&one.known_at), one.id, one.target.en)
    };
    report.removed_kpis.iter().map(line).collect()
}

#[test]
fn every_change_of_a_target_is_listed_and_the_first_one_is_judged_too() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/targets");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "txt"));
    files.sort();
    assert!(files.len() >= 14, "{} stories", files.len());
    let mut wrong = Vec::new();
    for path in &files {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let story = Story::parse(&name, &std::fs::read_to_string(path).unwrap());
        let state = story.state(story.published.iter());
        let other = story.state(story.published.iter().rev().chain(&story.published));
        assert!(!story.expects.is_empty(), "{name} expects nothing");
        for expect in &story.expects {
            let report = state.report(ReportPeriod(expect.on), true);
            assert_eq!(report, other.report(ReportPeriod(expect.on), true), "{name}: backwards and twice");
            let kpi = report.kpis.iter().find(|kpi| kpi.id == "k").unwrap_or(&report.kpis[0]);
            let first = kpi.first_target.as_ref();
            let number = |n: &aggregator_core::report::CanonicalNumber| contract::exact::canonical(&n.0);
            let mut compare = |what: &str, got: &str, want: &str| {
                if got != want {
                    wrong.push(format!("{name}: `{}`: {what} is {got}, not {want}", expect.line));
                }
            };
            compare("status", kpi.status.unwrap_or("-"), &expect.status);
            compare("value", &kpi.value.as_ref().map_or("-".into(), number), &expect.value);
            for (field, want) in &expect.more {
                let got = match field.as_str() {
                    "first" => {
                        first.map_or("-", |f| if f.applicable { f.status.unwrap_or("none") } else { "gone" }).to_owned()
                    }
                    "first_target" => first.map_or("-".into(), |f| number(&f.target)),
                    "first_value" => first.and_then(|f| f.value.as_ref()).map_or("-".into(), number),
                    "first_year" => first.map_or("-".into(), |f| f.year.clone()),
                    other => panic!("{name}: unknown word `{other}`"),
                };
                compare(field, &got, want);
            }
            for (what, got, want) in
                [("changes", changes(&report), &story.changes), ("removed", removed(&report), &story.removed)]
            {
                if got != *want {
                    wrong.push(format!("{name}: {what} are\n{}\nnot\n{}", got.join("\n"), want.join("\n")));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
