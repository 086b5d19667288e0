//! The pictures of the shipped plans: page, table, CSV and API give the same numbers, and no number that nobody counted.
#![allow(clippy::unwrap_used, reason = "a test may stop at what is wrong")]

use crate::api::{ask, end, json, serving};
use crate::support::{City, free_address};
use contract::period::{Grain, Period};
use serde_json::Value;
use std::net::SocketAddr;

/// A row as text: part, period, value, guide; what is not there is empty.
type Row = [String; 4];

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn of_api(chart: &Value) -> Vec<Row> {
    let rows = chart["rows"].as_array().unwrap().iter();
    rows.map(|row| ["part", "period", "value", "guide"].map(|name| text(&row[name]))).collect()
}

fn of_csv(text: &str) -> Vec<Row> {
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    let at = ["part", "period", "value", "guide"].map(|name| lines[0].iter().position(|one| *one == name).unwrap());
    lines[1..].iter().map(|line| at.map(|column| line[column].to_owned())).collect()
}

/// What stands between two marks.
fn between<'a>(text: &'a str, from: &str, to: &str) -> Option<&'a str> {
    text.split_once(from)?.1.split_once(to).map(|(inside, _)| inside)
}

fn of_page(page: &str) -> Vec<Row> {
    let row = |piece: &str| {
        let cell = |class: &str| between(piece, &format!("<data class=\"{class}\" value=\""), "\"");
        let cells = [piece.split('"').next(), between(piece, "data-period=\"", "\""), cell("value"), cell("guide")];
        cells.map(|cell| cell.unwrap_or_default().to_owned())
    };
    page.split("<tr data-part=\"").skip(1).map(|piece| row(piece.split("</tr>").next().unwrap())).collect()
}

/// What the dots and bars of a part's picture say: the values that are drawn.
fn drawn(page: &str, part: &str) -> Vec<String> {
    let section = between(page, &format!("<section class=\"charts\" aria-labelledby=\"part-{part}\">"), "</section>");
    let Some(section) = section else { return Vec::new() };
    let one = if part == "year_to_date" {
        section.to_owned()
    } else {
        between(section, "<svg class=\"chart wide\"", "</svg>").unwrap().to_owned()
    };
    let marks = one.split("<title>").skip(1).map(|title| title.split('<').next().unwrap().to_owned());
    marks.filter(|title| title.contains(": ")).collect()
}

/// Whether a row's fiscal year has a panel, where it is a sum to date; the earliest years have none.
fn has_panel(page: &str, row: &Row) -> bool {
    let month = Period::parse(&row[1]).filter(|_| row[0] == "year_to_date");
    let panel = |year: Period| page.contains(&format!("id=\"chart-year_to_date-sum-{}-t\"", year.index));
    month.is_none_or(|month| panel(month.within(Grain::FiscalYear)))
}

fn sorted(mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort();
    rows
}

fn page(address: SocketAddr, path: &str) -> String {
    let (status, page) = ask(address, &format!("GET {path}"), "");
    assert_eq!(status, 200, "{path}: {page}");
    page
}

#[test]
fn page_table_csv_and_api_of_every_picture_have_the_same_numbers() {
    let city = City::shipped();
    city.ok(&["run", "--once"]);
    let address = free_address();
    let child = serving(&city, address, &["aggregate"]);
    let mut compared = 0;
    for (plan, moments) in [
        ("mihon", ["2020-11-30", "FY2021"]),
        ("kawasaki", ["2020-05-02", "2026-11-01"]),
        ("sapporo", ["FY2024", "2026-03-31"]),
    ] {
        let kpis = json(address, &format!("/plans/{plan}/kpis?on={}&limit=1000", moments[0]));
        for kpi in kpis["items"].as_array().unwrap() {
            for on in moments {
                let path = format!("/plans/{plan}/kpis/{}", kpi["id"].as_str().unwrap());
                let api = of_api(&json(address, &format!("{path}/chart?on={on}")));
                let csv = of_csv(&page(address, &format!("{path}/chart.csv?on={on}")));
                assert_eq!(api, csv, "{path} {on}");
                let html = page(address, &format!("{path}?on={on}&lang=ja"));
                let known = api.iter().any(|row| !row[2].is_empty());
                let table = sorted(of_page(&html));
                assert_eq!(table, if known { sorted(api.clone()) } else { Vec::new() }, "{path} {on}");
                // Each figure is drawn once, and nothing else is.
                for part in ["state", "year", "year_to_date"] {
                    let is_shown = |row: &&Row| row[0] == part && !row[2].is_empty() && has_panel(&html, row);
                    let rows = api.iter().filter(is_shown).count();
                    assert_eq!(drawn(&html, part).len(), rows, "{path} {on} {part}");
                }
                // What is judged is a number of the picture.
                let judged = text(&json(address, &format!("{path}?on={on}"))["kpi"]["value"]);
                assert!(judged.is_empty() || api.iter().any(|row| row[2] == judged), "{path} {on}: {judged}");
                compared += table.len();
            }
        }
    }
    assert!(compared > 400, "{compared} rows");
    end(child);
}

#[test]
fn pictures_that_were_wrong_once_show_what_the_files_have() {
    let city = City::shipped();
    city.ok(&["run", "--once"]);
    let address = free_address();
    let child = serving(&city, address, &["aggregate"]);
    let rows = |path: &str| of_api(&json(address, path));
    // Stock was taken five times; no dot stands on a later month, and the two missing ones are crosses.
    let wifi = "/plans/mihon/kpis/wifi-access-points";
    let values: Vec<String> =
        rows(&format!("{wifi}/chart?on=2020-11-30")).into_iter().map(|row| row[1..3].join("=")).collect();
    let counts = ["2019-03-31=70", "2019-06-30=76", "2019-09-30=83", "2019-12-31=86", "2020-03-31=90"];
    assert_eq!(values, [&counts[..], &["2020-06-30=", "2020-09-30="]].concat());
    let html = page(address, &format!("{wifi}?on=2020-11-30&lang=ja"));
    assert_eq!(drawn(&html, "state").len(), 5);
    let wide = between(&html, "<svg class=\"chart wide\"", "</svg>").unwrap();
    assert_eq!((wide.matches("\"c-miss\"").count(), wide.matches("\"c-path\"").count()), (2, 1));
    // 57.95 % of December 2022 is there, after the plan's end; the verdict's 47.98 % is one dot.
    let rate = rows("/plans/kawasaki/kpis/mynumber-rate/chart?on=2026-11-01");
    assert_eq!(rate.last().unwrap()[1..3], ["2022-12-31", "57.950985"]);
    assert_eq!(rate.iter().filter(|row| row[2].starts_with("47.98")).count(), 1);
    assert!(rate.iter().all(|row| row[1].as_str() <= "2022-12-31" && !row[2].is_empty()), "{rate:?}");
    // One number for a year's cost: in the tile, in the picture and in the table.
    let cost = page(address, "/plans/mihon/kpis/it-cost?on=FY2020&lang=ja");
    let api = json(address, "/plans/mihon/kpis/it-cost?on=FY2020");
    let shown = api["kpi"]["value_text"].as_str().unwrap();
    assert_eq!(shown, "850,000,000 円");
    assert_eq!(cost.matches(&format!("value=\"851000000\">{shown}</data>")).count(), 1, "the table");
    assert!(drawn(&cost, "year").contains(&format!("2020年度: {shown}")), "the picture: {:?}", drawn(&cost, "year"));
    assert!(cost.contains(">8.5（決算 8.51）</text>"), "its label");
    end(child);
}
