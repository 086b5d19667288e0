//! The modules of a crate as files, and the paths that each of them names.

use proc_macro2::{TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, UseTree};

/// Path of a module inside its crate; empty for the root.
pub(crate) type ModulePath = Vec<String>;

/// The modules of one crate, by their path.
pub(crate) struct Modules {
    /// File and parsed text of each module.
    pub(crate) files: BTreeMap<ModulePath, (String, syn::File)>,
}

impl Modules {
    /// Parses the files below `folder` that are no tests.
    pub(crate) fn parse(folder: &str, sources: Vec<(String, String)>) -> Self {
        let mut files = BTreeMap::new();
        for (name, text) in sources.into_iter().filter(|(name, _)| !super::is_test(name)) {
            let inside = name.strip_prefix(folder).unwrap().trim_start_matches('/').trim_end_matches(".rs");
            let mut path: ModulePath = inside.split('/').map(str::to_owned).collect();
            path.pop_if(|last| last == "mod");
            if matches!(path.as_slice(), [root] if root == "lib" || root == "main") {
                path.clear();
            }
            let parsed = syn::parse_file(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
            files.insert(path, (name, parsed));
        }
        Self { files }
    }

    /// Which files each file names, with one of the paths that names it.
    pub(crate) fn arrows(&self) -> BTreeMap<&str, BTreeMap<&str, String>> {
        let mut arrows: BTreeMap<&str, BTreeMap<&str, String>> = BTreeMap::new();
        for (module, (name, file)) in &self.files {
            let mut paths = Paths { children: self.children(module), depth: 0, found: BTreeSet::new() };
            paths.visit_file(file);
            let to = arrows.entry(name).or_default();
            for path in paths.found {
                if let Some(other) = self.file_of(module, &path).filter(|other| other != name) {
                    to.entry(other).or_insert_with(|| path.join("::"));
                }
            }
        }
        arrows
    }

    fn children(&self, module: &[String]) -> BTreeSet<String> {
        let below = self.files.keys().filter(|path| path.split_last().is_some_and(|(_, parent)| parent == module));
        below.filter_map(|path| path.last().cloned()).collect()
    }

    /// The file of the innermost module that a path leads to.
    fn file_of(&self, from: &[String], path: &[String]) -> Option<&str> {
        let mut here = from.to_vec();
        let mut rest = path;
        if rest[0] == "crate" {
            here.clear();
            rest = &rest[1..];
        }
        while let [first, after @ ..] = rest {
            match first.as_str() {
                "self" => {}
                "super" => drop(here.pop()),
                _ => break,
            }
            rest = after;
        }
        while let [first, after @ ..] = rest {
            let below: ModulePath = here.iter().chain([first]).cloned().collect();
            if !self.files.contains_key(&below) {
                break;
            }
            (here, rest) = (below, after);
        }
        self.files.get(&here).map(|(name, _)| name.as_str())
    }
}

/// Gathers the paths of a file that begin at the crate, at a parent or at a child module.
struct Paths {
    children: BTreeSet<String>,
    /// How many modules are open inside the file.
    depth: usize,
    found: BTreeSet<Vec<String>>,
}

impl Paths {
    fn add(&mut self, path: &[String]) {
        let supers = path.iter().take_while(|word| *word == "super").count();
        let inside = path.first().is_some_and(|word| word == "super") && supers <= self.depth;
        let known = path.first().is_some_and(|first| {
            matches!(first.as_str(), "crate" | "super" | "self") || (self.depth == 0 && self.children.contains(first))
        });
        if known && !inside && path.len() > 1 {
            let skipped = if path[0] == "super" { self.depth } else { 0 };
            self.found.insert(path[skipped..].to_vec());
        }
    }

    fn add_use(&mut self, prefix: &[String], tree: &UseTree) {
        let with = |word: String| prefix.iter().cloned().chain([word]).collect::<Vec<_>>();
        match tree {
            UseTree::Path(path) => self.add_use(&with(path.ident.to_string()), &path.tree),
            UseTree::Name(name) if name.ident == "self" => self.add(prefix),
            UseTree::Name(name) => self.add(&with(name.ident.to_string())),
            UseTree::Rename(rename) => self.add(&with(rename.ident.to_string())),
            UseTree::Glob(_) => self.add(&with("*".to_owned())),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.add_use(prefix, tree)),
        }
    }

    /// Paths in the tokens of a macro, which nothing parses.
    fn add_tokens(&mut self, tokens: TokenStream) {
        let (mut path, mut colons): (Vec<String>, usize) = (Vec::new(), 0);
        for token in tokens {
            match token {
                TokenTree::Ident(word) => {
                    if colons != 2 {
                        self.add(&std::mem::take(&mut path));
                    }
                    path.push(word.to_string());
                    colons = 0;
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' => colons += 1,
                other => {
                    self.add(&std::mem::take(&mut path));
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.add_tokens(group.stream());
                    }
                }
            }
        }
        self.add(&path);
    }
}

impl<'a> Visit<'a> for Paths {
    fn visit_item(&mut self, item: &'a Item) {
        if !attributes(item).is_some_and(is_for_tests) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, module: &'a syn::ItemMod) {
        if module.content.is_some() {
            self.depth += 1;
            visit::visit_item_mod(self, module);
            self.depth -= 1;
        }
    }

    fn visit_item_use(&mut self, item: &'a syn::ItemUse) {
        self.add_use(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.add(&names);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'a syn::Macro) {
        self.add_tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }
}

/// The attributes of an item that can be for tests only.
pub(crate) fn attributes(item: &Item) -> Option<&[Attribute]> {
    Some(match item {
        Item::Mod(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Const(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        _ => return None,
    })
}

/// True for `#[cfg(test)]` and what demands it together with something else.
pub(crate) fn is_for_tests(attributes: &[Attribute]) -> bool {
    let is_test = |attribute: &Attribute| match &attribute.meta {
        syn::Meta::List(list) if list.path.is_ident("cfg") => {
            let text = list.tokens.to_string();
            text == "test" || (text.starts_with("all") && text.contains("test"))
        }
        _ => false,
    };
    attributes.iter().any(is_test)
}
