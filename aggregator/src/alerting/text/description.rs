//! An alert in several lines, from a template in each language.

use super::happened::happened;
use super::lines::lines;
use super::summary::{both, value};
use crate::alerting::notification::{AlertFigures, AlertNotification};
use crate::render::words;
use aggregator_core::alert::AlertTransition;
use askama::Template;
use contract::catalogue::Bilingual;

/// The texts of one language, in the order of the lines.
struct DescriptionTexts {
    happened: String,
    lines: Vec<String>,
    value: String,
    period: Option<String>,
    guide: &'static str,
    path: Option<String>,
    target: String,
    gap: Option<String>,
    progress: Option<String>,
    pace: Option<String>,
    landing: Option<String>,
    owner: String,
    link: String,
}

macro_rules! description_template {
    ($name:ident, $path:literal) => {
        #[derive(Template)]
        #[template(path = $path)]
        struct $name<'a> {
            texts: &'a DescriptionTexts,
        }
    };
}

description_template!(JapaneseDescription, "alert_ja.txt");
description_template!(EnglishDescription, "alert_en.txt");

/// The description of an event.
pub(super) fn description(of: &AlertNotification, event: AlertTransition, link: &str) -> Bilingual {
    let figures = of.figures.clone().unwrap_or_else(|| from_before(of));
    let [ja, en] = [|text: Bilingual| text.ja, |text: Bilingual| text.en]
        .map(|of_language: fn(Bilingual) -> String| texts(of, &figures, (event, link), of_language));
    let en = DescriptionTexts { guide: words::GUIDE_EN, ..en };
    // A template that is compiled in fails only when its writer does, and a text never does.
    Bilingual {
        ja: JapaneseDescription { texts: &ja }.render().unwrap_or_default().trim_end().to_owned(),
        en: EnglishDescription { texts: &en }.render().unwrap_or_default().trim_end().to_owned(),
    }
}

fn texts(
    of: &AlertNotification,
    figures: &AlertFigures,
    (event, link): (AlertTransition, &str),
    language: fn(Bilingual) -> String,
) -> DescriptionTexts {
    let own = |text: &Option<Bilingual>| text.clone().map(language);
    DescriptionTexts {
        happened: language(happened(of, event)),
        lines: lines(of).into_iter().map(language).collect(),
        value: language(value(of)),
        period: own(&figures.period),
        guide: words::GUIDE_JA,
        path: own(&figures.path),
        target: language(figures.target.clone()),
        gap: own(&figures.gap),
        progress: of.progress_text.clone(),
        pace: own(&figures.pace),
        landing: own(&figures.landing),
        owner: language(of.owner.clone()),
        link: link.to_owned(),
    }
}

/// The figures of an event that an earlier version stored: in the Japanese unit.
fn from_before(of: &AlertNotification) -> AlertFigures {
    let same = |text: &String| both(text, text);
    AlertFigures {
        value: of.value_text.as_ref().map(same),
        period: of.data.clone(),
        path: of.path_text.as_ref().map(same),
        gap: None,
        target: same(&of.target_text),
        pace: of.required_pace_text.as_ref().map(same),
        landing: None,
    }
}
