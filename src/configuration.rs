//! The configuration: settings, plans and sources, read and checked together.

use crate::clock::SystemClock;
use crate::published_decimals;
use crate::settings::{self, Settings};
use aggregator::keys::KeyList;
use aggregator::pipeline::{ConfiguredPlans, PipelineSetup};
use collectors::config::{LoadedSources, ReadBefore, SourceConfig};
use contract::catalogue::{self, Catalogue};
use contract::reader::Mistake;
use contract::signing::SigningKey;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Name of the bus in the data folder.
const BUS_FILE: &str = "bus.db";
/// Folder of the plans inside the configuration.
const PLANS: &str = "plans";

/// A plan's file.
#[derive(Clone, Debug)]
pub(crate) struct PlanFile {
    /// Its path, as mistakes name it.
    pub(crate) name: String,
    /// Its text, which travels as the catalogue record.
    pub(crate) text: Arc<str>,
    /// The catalogue in it.
    pub(crate) catalogue: Arc<Catalogue>,
    /// What is worth a second look in it.
    warnings: Vec<String>,
}

/// A configuration without mistakes.
#[derive(Debug)]
pub(crate) struct Configuration {
    /// The folder it was read from.
    pub(crate) folder: PathBuf,
    /// Settings of this machine.
    pub(crate) settings: Settings,
    /// Plans, by file name.
    pub(crate) plans: Vec<PlanFile>,
    /// Sources.
    pub(crate) sources: Vec<Arc<SourceConfig>>,
    /// What the next reading need not read again.
    pub(crate) read: ReadFiles,
    /// The key that signs what this machine publishes.
    pub(crate) signer: Option<SigningKey>,
    /// The keys that records are verified by.
    pub(crate) keys: Arc<KeyList>,
    /// Keys that the next version will refuse.
    pub(crate) warnings: Vec<String>,
}

/// Files without mistakes, as they were read.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReadFiles {
    plans: HashMap<String, PlanFile>,
    sources: LoadedSources,
}

impl ReadFiles {
    /// The text of each plan, by its id.
    pub(crate) fn plan_texts(&self) -> HashMap<&str, &str> {
        self.plans.values().map(|plan| (plan.catalogue.plan.id.as_str(), &*plan.text)).collect()
    }
}

/// Reads a configuration folder, or returns every mistake in it.
pub(crate) fn load(folder: &Path) -> Result<Configuration, Vec<Mistake>> {
    load_again(folder, &ReadFiles::default())
}

/// The same of a folder that was read before: a file that has not changed since is not parsed again.
pub(crate) fn load_again(folder: &Path, before: &ReadFiles) -> Result<Configuration, Vec<Mistake>> {
    let texts = before.plan_texts();
    let mut mistakes = Vec::new();
    let settings = settings::load(folder).map_err(|mistake| mistakes.push(mistake)).ok();
    let keys = settings.as_ref().map(|(settings, _)| Ok((settings.signer(folder)?, settings.key_list(folder)?)));
    let keys = keys.transpose().map_err(|mistake: Mistake| mistakes.push(mistake)).ok().flatten();
    let (mut named, mut plans): (Vec<(String, Arc<Catalogue>)>, Vec<PlanFile>) = (Vec::new(), Vec::new());
    let (mut ids, mut same) = (HashSet::new(), HashSet::new());
    for path in plan_files(folder).unwrap_or_else(|mistake| {
        mistakes.push(mistake);
        Vec::new()
    }) {
        let name = path.display().to_string();
        match read_plan(&name, &path, before.plans.get(&name)) {
            Ok(plan) => {
                let id = &plan.catalogue.plan.id;
                if !ids.insert(id.clone()) {
                    let message = format!("the plan id `{id}` stands in two files");
                    mistakes.push(Mistake { file: name.clone(), line: 1, message });
                }
                if texts.get(id.as_str()) == Some(&&*plan.text) {
                    same.insert(id.clone());
                }
                named.push((name, Arc::clone(&plan.catalogue)));
                plans.push(plan);
            }
            Err(found) => mistakes.extend(found),
        }
    }
    if let Some((settings, _)) = settings.as_ref().filter(|_| mistakes.is_empty()) {
        let wrong = settings.alerts.check_kpis(named.iter().map(|(_, plan)| plan.as_ref())).err();
        mistakes.extend(wrong.map(|(key, message)| settings::mistake(folder, key, format!("`{key}`: {message}"))));
    }
    if let Some((settings, _)) = &settings {
        let changed = named.iter().filter(|(_, plan)| !same.contains(&plan.plan.id));
        mistakes.extend(published_decimals::mistakes(&settings.data_dir, &settings.data_dir.join(BUS_FILE), changed));
    }
    // The sources of a plan with a mistake cannot be checked.
    let sources = if mistakes.is_empty() {
        let before = ReadBefore { sources: &before.sources, is_same: &|plan| same.contains(plan) };
        collectors::config::load(folder, &named, Some(before)).map_err(|found| mistakes.extend(found)).ok()
    } else {
        None
    };
    match (settings, sources, keys) {
        (Some((settings, mut warnings)), Some(read), Some((signer, keys))) if mistakes.is_empty() => {
            warnings.extend(plans.iter().flat_map(|plan| plan.warnings.iter().cloned()));
            warnings.extend(read.warnings.iter().map(ToString::to_string));
            let (folder, keys) = (folder.to_owned(), Arc::new(keys));
            let files = plans.iter().map(|plan| (plan.name.clone(), plan.clone())).collect();
            let (sources, read) = (read.sources.clone(), ReadFiles { plans: files, sources: read });
            Ok(Configuration { folder, settings, plans, sources, read, signer, keys, warnings })
        }
        _ => {
            mistakes.sort();
            Err(mistakes)
        }
    }
}

/// Reads one plan alone, for a command that shows its figures: other plans, and sources, are not parsed, so what is wrong in them
/// is not in its way. Where there is no such plan, or it has a mistake, all is read and says so.
pub(crate) fn load_plan(folder: &Path, plan: Option<&str>) -> Result<Configuration, Vec<Mistake>> {
    match plan.and_then(|plan| alone(folder, plan)) {
        Some(configuration) => Ok(configuration),
        None => load(folder),
    }
}

fn alone(folder: &Path, id: &str) -> Option<Configuration> {
    let (settings, mut warnings) = settings::load(folder).ok()?;
    let (signer, keys) = (settings.signer(folder).ok()?, Arc::new(settings.key_list(folder).ok()?));
    let mut found = None;
    for path in plan_files(folder).ok()? {
        let text = std::fs::read_to_string(&path).ok()?;
        // Only a file that names it can be it.
        let plan = if text.contains(id) { Some(parse_plan(&path.display().to_string(), text).ok()?) } else { None };
        if let Some(plan) = plan.filter(|plan| plan.catalogue.plan.id == id)
            && found.replace(plan).is_some()
        {
            return None;
        }
    }
    let plan = found?;
    let named = (plan.name.clone(), Arc::clone(&plan.catalogue));
    let bus = settings.data_dir.join(BUS_FILE);
    if !published_decimals::mistakes(&settings.data_dir, &bus, std::iter::once(&named)).is_empty() {
        return None;
    }
    warnings.extend(plan.warnings.iter().cloned());
    let (folder, plans, sources, read) = (folder.to_owned(), vec![plan], Vec::new(), ReadFiles::default());
    Some(Configuration { folder, settings, plans, sources, read, signer, keys, warnings })
}

/// The catalogues of a configuration folder, or every mistake in them; none where there is no such folder.
pub(crate) fn catalogues(folder: &Path) -> Result<Vec<Arc<Catalogue>>, Vec<Mistake>> {
    if !folder.join(PLANS).is_dir() {
        return Ok(Vec::new());
    }
    let (mut catalogues, mut mistakes) = (Vec::new(), Vec::new());
    for path in plan_files(folder).map_err(|mistake| vec![mistake])? {
        match read_plan(&path.display().to_string(), &path, None) {
            Ok(plan) => catalogues.push(plan.catalogue),
            Err(found) => mistakes.extend(found),
        }
    }
    if mistakes.is_empty() { Ok(catalogues) } else { Err(mistakes) }
}

fn plan_files(folder: &Path) -> Result<Vec<PathBuf>, Mistake> {
    let place = folder.join(PLANS);
    let mistake = |message: String| Mistake { file: place.display().to_string(), line: 1, message };
    let entries = place.read_dir().map_err(|e| mistake(format!("cannot be read: {e}; `--config` names the folder")))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    if paths.is_empty() {
        Err(mistake("there is no plan: add a file such as plans/city.toml".into()))
    } else {
        Ok(paths)
    }
}

fn read_plan(name: &str, path: &Path, before: Option<&PlanFile>) -> Result<PlanFile, Vec<Mistake>> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| vec![Mistake { file: name.into(), line: 1, message: format!("cannot be read: {e}") }])?;
    if let Some(before) = before.filter(|before| *before.text == *text) {
        return Ok(before.clone());
    }
    parse_plan(name, text)
}

fn parse_plan(name: &str, text: String) -> Result<PlanFile, Vec<Mistake>> {
    let catalogue = catalogue::parse(name, &text)?;
    let warnings = catalogue::warnings(name, &catalogue).iter().map(ToString::to_string).collect();
    Ok(PlanFile { name: name.to_owned(), text: text.into(), catalogue: Arc::new(catalogue), warnings })
}

impl Configuration {
    /// The catalogues as the pipeline takes them.
    pub(crate) fn configured(&self) -> ConfiguredPlans {
        let mut configured = ConfiguredPlans::default();
        for plan in &self.plans {
            configured.add(Arc::clone(&plan.catalogue), &plan.text);
        }
        configured
    }

    /// What its pipeline works with.
    pub(crate) fn pipeline_setup(&self) -> PipelineSetup {
        let setup = PipelineSetup::new(self.settings.data_dir.clone(), self.configured(), Arc::new(SystemClock));
        PipelineSetup { keys: Arc::clone(&self.keys), ..setup }
    }

    /// The file of the bus.
    pub(crate) fn bus_file(&self) -> PathBuf {
        self.settings.data_dir.join(BUS_FILE)
    }
}
