//! The walkthrough of config/README.md, followed to the letter, so that it cannot rot.

use crate::config;
use crate::document::{Document, Validators};
use crate::sources::PollContext;
use crate::testing::{moment, parser, show};
use contract::catalogue;
use std::path::Path;

/// The fenced blocks of a language below a heading.
fn blocks(text: &str, heading: &str, language: &str) -> Vec<String> {
    let part = text.split(heading).nth(1).unwrap();
    let part = part.split("\n## ").next().unwrap();
    let all = part.split("```").collect::<Vec<_>>();
    let fenced = all.iter().skip(1).step_by(2);
    // A block inside a list is indented.
    let plain = |block: &str| block.lines().map(|line| line.trim_start_matches("   ")).collect::<Vec<_>>().join("\n");
    fenced.filter_map(|block| block.strip_prefix(language)).map(plain).collect()
}

#[test]
fn an_officer_who_follows_the_walkthrough_gets_the_figures_it_promises() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/README.md")).unwrap();
    let heading = "## Add a figure from any table, step by step";
    let (csv, toml) = (blocks(&text, heading, "csv"), blocks(&text, heading, "toml"));
    let promised = blocks(&text, heading, "text");
    let [source, series] = &toml[..] else { panic!("{} blocks", toml.len()) };
    let plan = "[plan]\nid = \"mihon\"\nname = { ja = \"計画\", en = \"plan\" }\ncity = { ja = \"市\", en = \"city\" }\nfirst_year = \"FY2019\"\nlast_year = \"FY2021\"\ncitation = \"x\"\n";
    let catalogue = catalogue::parse("plan.toml", &format!("{plan}{series}")).unwrap();
    let files = [("s.toml".to_owned(), source.clone())];
    let configured = config::parse(Path::new("."), &files, &[("plan.toml".to_owned(), catalogue)]).unwrap();
    let seen = PollContext { time: moment("2022-07-01"), encoding: None, max_bytes: 1 << 20 };
    let file = Document::new("library_2021.csv", csv[0].trim_start().as_bytes().to_vec(), Validators::default());
    let parsed = parser(&configured.sources[0]).parse(&file, &seen).unwrap();
    let shown: Vec<String> = parsed.figures.iter().map(show).collect();
    assert_eq!(shown.join("\n"), promised[0].trim());
    assert_eq!(parsed.rejects, []);
}
