//! The catalogues of a plan as they were published, and what changed from one to the next.

use super::first::FirstTarget;
use super::terms::{TargetField, Terms, terms};
use contract::catalogue::{self, Bilingual, Catalogue, Kpi};
use contract::exact::Exact;
use contract::record::CatalogueText;
use contract::time::Micros;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

/// A change of what a KPI is judged by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetChange {
    /// When it became known: the revision of the catalogue; `None` for one that is configured and not recorded yet.
    pub known_at: Option<Micros>,
    /// The KPI whose terms changed: an earlier id where this one replaces another.
    pub kpi: String,
    /// What was changed.
    pub field: TargetField,
    /// What it was; `None` where there was none.
    pub before: Option<Bilingual>,
    /// What it is.
    pub after: Option<Bilingual>,
}

impl TargetChange {
    /// What is not recorded yet comes last.
    fn order(&self) -> (bool, Option<Micros>, &str, TargetField) {
        (self.known_at.is_none(), self.known_at, &self.kpi, self.field)
    }
}

/// A KPI that the plan no longer has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemovedKpi {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: Bilingual,
    /// When it became known; `None` where the configured catalogue that lacks it is not recorded yet.
    pub known_at: Option<Micros>,
    /// Its last target, with side and unit.
    pub target: Bilingual,
    /// The KPI that measures the same series since.
    pub replaced_by: Option<String>,
}

/// Every published catalogue of a plan, and what follows from them. A set: order and copies do not matter.
///
/// Kept are texts and what follows; a catalogue that was read takes ten times as much memory as its text. It follows when it is asked for,
/// because many catalogues come one after the other.
#[derive(Clone, Debug)]
pub struct TargetHistory {
    /// By revision and text, as the catalogue in force is chosen.
    recorded: BTreeSet<(Micros, String)>,
    configured: Arc<Catalogue>,
    comparison: OnceLock<Comparison>,
}

/// A published target: when it became known, its value, and the fiscal year at whose end it holds.
pub type PublishedTarget = (Option<Micros>, Exact, i32);

/// What follows from the catalogues of a plan.
#[derive(Clone, Debug, Default)]
struct Comparison {
    changes: BTreeMap<String, Vec<TargetChange>>,
    all: Vec<TargetChange>,
    first: BTreeMap<String, FirstTarget>,
    removed: Vec<RemovedKpi>,
    published: BTreeMap<String, Vec<PublishedTarget>>,
}

/// A catalogue while it is compared.
#[derive(Debug)]
struct Version {
    known_at: Option<Micros>,
    catalogue: Arc<Catalogue>,
    terms: BTreeMap<String, Terms>,
}

impl Version {
    fn new(known_at: Option<Micros>, catalogue: Arc<Catalogue>) -> Self {
        let terms = catalogue.kpis.iter().map(|kpi| (kpi.id.clone(), terms(&catalogue, kpi))).collect();
        Self { known_at, catalogue, terms }
    }

    fn kpi(&self, id: &str) -> Option<&Kpi> {
        self.catalogue.kpis.iter().find(|kpi| kpi.id == id)
    }
}

impl TargetHistory {
    /// The history of a plan whose catalogue is configured, and none recorded yet.
    pub fn new(configured: Arc<Catalogue>) -> Self {
        Self { recorded: BTreeSet::new(), configured, comparison: OnceLock::new() }
    }

    /// Adds a recorded catalogue; false when it is there already, or of another plan. One that cannot be read any more changes
    /// nothing.
    pub fn add(&mut self, text: &CatalogueText) -> bool {
        let is_new = text.plan == self.configured.plan.id && self.recorded.insert((text.revision, text.text.clone()));
        if is_new {
            self.comparison = OnceLock::new();
        }
        is_new
    }

    /// The changes of a KPI, the earliest first; with those of the KPI that it replaces.
    pub fn of(&self, kpi: &str) -> &[TargetChange] {
        self.comparison().changes.get(kpi).map_or(&[], Vec::as_slice)
    }

    /// The changes of all KPIs, also of those that the plan no longer has, the earliest first.
    pub fn all(&self) -> &[TargetChange] {
        &self.comparison().all
    }

    /// The first published target of a KPI, where something of it was changed since.
    pub fn first(&self, kpi: &str) -> Option<&FirstTarget> {
        self.comparison().first.get(kpi)
    }

    /// The target of a KPI in every recorded catalogue, or of the KPI that it replaces where both have one unit, in order: when it
    /// became known, and the fiscal year at whose end it holds.
    pub fn published(&self, id: &str) -> &[PublishedTarget] {
        self.comparison().published.get(id).map_or(&[], Vec::as_slice)
    }

    /// The KPIs that the plan no longer has, in the order in which they were removed.
    pub fn removed(&self) -> &[RemovedKpi] {
        &self.comparison().removed
    }

    fn comparison(&self) -> &Comparison {
        self.comparison.get_or_init(|| {
            // Nothing is compared with nothing.
            if self.recorded.is_empty() {
                return Comparison::default();
            }
            let read = |(revision, text): &(Micros, String)| {
                let catalogue = catalogue::parse("record", text).ok()?;
                Some(Version::new(Some(*revision), Arc::new(catalogue)))
            };
            let mut versions: Vec<Version> = self.recorded.iter().filter_map(read).collect();
            versions.push(Version::new(None, Arc::clone(&self.configured)));
            Comparison::new(&versions.iter().collect::<Vec<_>>())
        })
    }
}

impl Comparison {
    /// Compares catalogues in their order; the configured one is the last.
    fn new(versions: &[&Version]) -> Self {
        let Some(current) = versions.last().copied() else { return Self::default() };
        let ids: BTreeSet<&str> =
            versions.iter().flat_map(|version| version.terms.keys()).map(String::as_str).collect();
        let own: BTreeMap<&str, Vec<TargetChange>> = ids.iter().map(|id| (*id, changes(versions, id))).collect();
        let (mut all, mut first, mut removed) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        let mut published = BTreeMap::new();
        for id in &ids {
            let Some(kpi) = current.kpi(id) else {
                removed.extend(removal(versions, id, &own[id]));
                continue;
            };
            let replaced = predecessor(versions, id);
            let mut list = own[id].clone();
            if let Some(replaced) = replaced {
                list = continued(versions, (replaced, &own[replaced]), (id, list));
            }
            published.insert((*id).to_owned(), targets(versions, (id, replaced), &kpi.unit));
            let origin = replaced.unwrap_or(id);
            let earliest = versions.iter().find_map(|version| Some((*version, version.kpi(origin)?)));
            if let Some((version, old)) =
                earliest.filter(|(version, _)| judges_otherwise(version.terms.get(origin), &current.terms[*id]))
            {
                first.insert(
                    (*id).to_owned(),
                    FirstTarget::new(
                        version.known_at,
                        (version.catalogue.as_ref(), old),
                        (current.catalogue.as_ref(), kpi),
                    ),
                );
            }
            if !list.is_empty() {
                all.insert((*id).to_owned(), list);
            }
        }
        removed.sort_by(|a: &RemovedKpi, b| {
            (a.known_at.is_none(), a.known_at, &a.id).cmp(&(b.known_at.is_none(), b.known_at, &b.id))
        });
        for one in &mut removed {
            let takes = |id: &&str| current.kpi(id).is_some() && predecessor(versions, id) == Some(one.id.as_str());
            one.replaced_by = ids.iter().copied().find(takes).map(str::to_owned);
        }
        let mut every: Vec<TargetChange> = own.into_values().flatten().collect();
        every.sort_by(|a, b| a.order().cmp(&b.order()));
        Self { changes: all, all: every, first, removed, published }
    }
}

/// The target of a KPI in every recorded catalogue, or of the KPI that it replaces, where that has the same unit.
fn targets(versions: &[&Version], (id, replaced): (&str, Option<&str>), unit: &Bilingual) -> Vec<PublishedTarget> {
    let of = |version: &&Version| {
        let kpi = version.kpi(id).or_else(|| version.kpi(replaced?)).filter(|kpi| kpi.unit == *unit)?;
        Some((version.known_at, kpi.target.clone(), version.catalogue.plan.last_year))
    };
    versions.iter().filter(|version| version.known_at.is_some()).filter_map(of).collect()
}

/// The changes of one KPI from version to version. One that was removed and comes back is compared with what it was.
fn changes(versions: &[&Version], id: &str) -> Vec<TargetChange> {
    let mut found = Vec::new();
    let (mut known, mut is_there): (Option<&Terms>, bool) = (None, false);
    for (number, version) in versions.iter().enumerate() {
        let mut note = |field, before, after| {
            found.push(TargetChange { known_at: version.known_at, kpi: id.to_owned(), field, before, after });
        };
        let name = |version: &Version| version.kpi(id).map(|kpi| kpi.name.clone());
        let now = version.terms.get(id);
        match now {
            Some(_) if !is_there && number > 0 => note(TargetField::Added, None, name(version)),
            None if is_there => note(TargetField::Removed, name(versions[number - 1]), None),
            _ => {}
        }
        if let (Some(old), Some(new)) = (known, now) {
            compare_terms(old, new, note);
        }
        is_there = now.is_some();
        known = now.or(known);
    }
    found
}

fn compare_terms(old: &Terms, new: &Terms, mut note: impl FnMut(TargetField, Option<Bilingual>, Option<Bilingual>)) {
    let fields: BTreeSet<TargetField> = old.keys().chain(new.keys()).copied().collect();
    for field in fields {
        let (before, after) = (old.get(&field), new.get(&field));
        if before != after {
            note(field, before.cloned(), after.cloned());
        }
    }
}

/// The changes of a KPI that replaces another: those of the other one, then what it changed by replacing it.
fn continued(
    versions: &[&Version],
    (old, earlier): (&str, &[TargetChange]),
    (new, mut later): (&str, Vec<TargetChange>),
) -> Vec<TargetChange> {
    let last = |id: &str| versions.iter().rev().find_map(|version| Some((*version, version.terms.get(id)?)));
    let start = versions.iter().find_map(|version| Some((*version, version.terms.get(new)?)));
    let mut all: Vec<TargetChange> = earlier.to_vec();
    if let (Some((before, old_terms)), Some((after, new_terms))) = (last(old), start) {
        later.iter_mut().filter(|change| change.field == TargetField::Added).take(1).for_each(|change| {
            change.before = before.kpi(old).map(|kpi| kpi.name.clone());
        });
        compare_terms(old_terms, new_terms, |field, was, is| {
            later.push(TargetChange { known_at: after.known_at, kpi: new.to_owned(), field, before: was, after: is });
        });
    }
    all.extend(later);
    all.sort_by_key(|change| (change.known_at.is_none(), change.known_at, change.field));
    all
}

/// The KPI that one replaces: of the same series, published before it, and no longer in the plan. Whether the old one went before,
/// with or after the arrival of the new one makes no difference, so that a detour hides nothing.
fn predecessor<'a>(versions: &[&'a Version], id: &str) -> Option<&'a str> {
    let (current, all) = versions.split_last()?;
    let start = all.iter().position(|version| version.kpi(id).is_some()).unwrap_or(all.len());
    let measured = |version: &Version, kpi: &Kpi| -> BTreeSet<String> {
        kpi.measure.parts().iter().map(|of| version.catalogue.series[of.series].id.clone()).collect()
    };
    let first = versions.get(start)?;
    let series = measured(first, first.kpi(id)?);
    let gone = |version: &&'a Version| {
        let others = version.catalogue.kpis.iter().filter(|other| other.id != id && current.kpi(&other.id).is_none());
        others.into_iter().find(|other| measured(version, other) == series).map(|other| other.id.as_str())
    };
    all[..start].iter().find_map(gone)
}

/// True when terms differ that make another status, and not only the words of a rule or the due days of today's sources.
fn judges_otherwise(first: Option<&Terms>, current: &Terms) -> bool {
    let counts = |field: &TargetField| {
        !matches!(field, TargetField::Unit | TargetField::Counting | TargetField::Sources | TargetField::Rhythm)
    };
    let of = |terms: &Terms| -> Vec<(TargetField, String)> {
        let id = |field: TargetField, text: &Bilingual| match field {
            // `id: words`: the words alone change no figure.
            TargetField::Definition => text.ja.split(':').next().unwrap_or_default().to_owned(),
            _ => text.en.clone(),
        };
        terms.iter().filter(|(field, _)| counts(field)).map(|(field, text)| (*field, id(*field, text))).collect()
    };
    first.is_some_and(|first| of(first) != of(current))
}

fn removal(versions: &[&Version], id: &str, changes: &[TargetChange]) -> Option<RemovedKpi> {
    let last = changes.iter().rev().find(|change| change.field == TargetField::Removed)?;
    let (version, kpi) = versions.iter().rev().find_map(|version| Some((version, version.kpi(id)?)))?;
    let terms = &version.terms[id];
    let text =
        |field: TargetField| terms.get(&field).cloned().unwrap_or(Bilingual { ja: String::new(), en: String::new() });
    let (target, side, unit) = (text(TargetField::Target), text(TargetField::Direction), text(TargetField::Unit));
    Some(RemovedKpi {
        id: id.to_owned(),
        name: kpi.name.clone(),
        known_at: last.known_at,
        target: Bilingual {
            ja: format!("{} {}{}", target.ja, unit.ja, side.ja),
            en: format!("{} {} {}", side.en, target.en, unit.en),
        },
        replaced_by: None,
    })
}
