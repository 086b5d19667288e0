use super::*;
use crate::testing::{catalogues, mynumber, register};

fn read(files: &[(&str, &str)]) -> Result<Vec<Arc<SourceConfig>>, Vec<String>> {
    let files: Vec<_> = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let read = parse(Path::new("/etc/shihyo"), &files, &catalogues()).map(|loaded| loaded.sources);
    read.map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect())
}

/// The mistakes of one file beside a register and editions that are right.
fn mistakes(text: &str) -> Vec<String> {
    let (register, mynumber) = (register("path = 'r'"), mynumber("path = 'm'\ncode = '14130'"));
    read(&[("r.toml", &register), ("m.toml", &mynumber), ("x.toml", text)]).err().unwrap_or_default()
}

#[test]
fn a_source_is_read_with_defaults() {
    let sources = read(&[
        ("r.toml", &register("path = 'r.csv'")),
        ("m.toml", &mynumber("url = 'https://A.jp/m?key=s'\ncode = '14130'")),
    ])
    .unwrap();
    let [registers, editions] = &sources[..] else { panic!() };
    assert_eq!(
        (&*registers.id, &*registers.plan, registers.kind, &*registers.file, registers.line),
        ("register", "p", "register", "r.toml", 1)
    );
    assert_eq!(
        (registers.interval, registers.fetch.timeout, registers.fetch.max_bytes),
        (Duration::from_hours(24), Duration::from_secs(30), 32 << 20)
    );
    let Origin::Path { path, text, extensions, .. } = &registers.fetch.origin else { panic!() };
    assert_eq!((path.as_path(), &**text, extensions.len()), (Path::new("/etc/shihyo/r.csv"), "r.csv", 6));
    assert_eq!((editions.address(), &editions.fetch.allow_hosts), ("https://a.jp/m?key=***", &vec!["a.jp".to_owned()]));
    assert_ne!(registers.fingerprint, editions.fingerprint);
}

#[test]
fn the_samples_fit_their_plan() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/plans/mihon.toml");
    let text = std::fs::read_to_string(file).unwrap();
    let plan = contract::catalogue::parse("mihon.toml", &text).unwrap();
    for kind in KINDS {
        let files = [("sample.toml".to_owned(), kind.sample.to_owned())];
        let found = parse(Path::new("."), &files, &[("mihon.toml".to_owned(), plan.clone())]);
        let own: Vec<Mistake> =
            found.err().unwrap_or_default().into_iter().filter(|m| m.file == "sample.toml").collect();
        assert_eq!(own, [], "{}", kind.name);
        assert!(kind.sample.contains(&format!("kind = \"{}\"", kind.name)));
    }
}

#[test]
fn one_typing_error_is_one_mistake() {
    let register = register("path = 'r'");
    let rows = [
        (register.replace("interval = \"1d\"", "interval = \"1 day\""), "`interval` must be from"),
        (register.replace("plan = \"p\"", "plan = \"pp\""), "unknown plan `pp`; did you mean `p`?"),
        (register.replace("interval = \"1d\"", "interval = \"1d"), "invalid basic string"),
        (register.replace("path = 'r'", "path = 'r'\nextensions = 'csv'"), "such as [\"a\"] or [\"a\", \"b\"]"),
    ];
    for (text, message) in rows {
        let found = read(&[("m.toml", &mynumber("path = 'm'\ncode = '14130'")), ("r.toml", &text)]).unwrap_err();
        assert!(found.len() == 1 && found[0].contains(message), "{message}: {found:?}");
    }
}

#[test]
fn every_mistake_at_once_with_file_line_and_nearest_word() {
    let text = "\
[[source]]
id = 'New'
plan = 'q'
kind = 'registre'
interval = '1 day'
pth = 'x'
[[source]]
id = 'new'
plan = 'p'
kind = 'mynumber'
interval = '40d'
url = 'ftp://a.jp'
code = '141306'
encoding = 'shift-jsi'
timeout_seconds = 0
issued = { series = 'card' }
population = { series = 'applied' }
";
    let expected = [
        "x.toml:1: exactly one of `path`, `url`, `urls`, `index` and `snmp` must be there",
        "x.toml:2: `id` must be small letters, digits, `-` and `_`, at most 64: `New`",
        "x.toml:3: unknown plan `q`; one of: p",
        "x.toml:4: unknown kind `registre`; did you mean `register`?",
        "x.toml:5: `interval` must be from \"1s\" to \"366d\", such as \"15m\", \"6h\" or \"1d\": `1 day`",
        "x.toml:6: unknown key `pth`; did you mean `path`?",
        "x.toml:12: `url` must begin with https:// or http:// and name a host",
        "x.toml:13: `141306` is no municipality code: wrong_check_digit",
        "x.toml:14: unknown encoding `shift-jsi`; did you mean `shift_jis`?",
        "x.toml:15: `timeout_seconds` must be a whole number from 1 to 3600",
        "x.toml:16: unknown series `card`; did you mean `cards`?",
        "x.toml:17: `definition` is missing: series `applied` counts in several ways; one of: accepted, sent",
    ];
    assert_eq!(mistakes(text), expected);
}

#[test]
fn mistakes_of_labels_have_their_own_line() {
    let text = "\
[[source]]
id = 'other'
plan = 'p'
kind = 'register'
interval = '1h'
path = 'x'
[source.series]
'甲' = 'datasetz'
'乙' = { series = 'applied', definition = 'recieved' }
'丙' = 3
'丁' = 'cost'
' 丁 ' = 'cost'
";
    assert_eq!(
        mistakes(text),
        [
            "x.toml:7: series `cost` has no [[series.source]] with the id `other`; one of: register",
            "x.toml:8: unknown series `datasetz`; did you mean `datasets`?",
            "x.toml:9: unknown definition `recieved` of series `applied`; one of: accepted, sent",
            "x.toml:10: `丙` must be a series id, or { series = \"..\", definition = \"..\" }",
            "x.toml:12: the label ` 丁 ` stands twice",
        ]
    );
}

#[test]
fn sources_and_series_must_name_each_other() {
    let twice = mistakes(&register("path = 'y'"));
    assert_eq!(twice, ["x.toml:1: the source id `register` stands twice in plan `p`: also r.toml:1"]);
    let alone = read(&[("r.toml", &register("path = 'r'"))]).unwrap_err();
    assert_eq!(alone.len(), 2, "{alone:?}");
    assert!(alone[0].starts_with("plans/p.toml:"), "{alone:?}");
    assert!(alone[0].ends_with("no source `mynumber` is configured for plan `p`; one of: register"), "{alone:?}");
    let wrong = mynumber("path = 'm'\ncode = '14130'").replace("id = \"mynumber\"", "id = \"register\"");
    let wrong = read(&[("m.toml", &wrong)]).unwrap_err();
    assert!(
        wrong.iter().any(|m| m.ends_with("the source `register` (m.toml:1) does not give series `datasets`")),
        "{wrong:#?}"
    );
}

#[test]
fn a_figure_must_not_be_late_before_the_first_poll() {
    let with_interval = |interval: &str| {
        let text = register("path = 'r'").replace("\"1d\"", interval);
        read(&[("r.toml", &text), ("m.toml", &mynumber("path = 'm'\ncode = '14130'"))]).err().unwrap_or_default()
    };
    assert_eq!(with_interval("'31d'"), [""; 0]);
    let late = with_interval("'32d'");
    assert_eq!(late.len(), 5);
    assert_eq!(
        late[0],
        "r.toml:5: `interval` is longer than the 30 days (`expected_by_days` and `grace_days`) after which series \
         `applied` counts as late; poll more often"
    );
}

#[test]
fn secrets_and_unlisted_hosts_are_mistakes() {
    let source = |place: &str| {
        let text = register(place);
        read(&[("r.toml", &text), ("m.toml", &mynumber("path = 'm'\ncode = '14130'"))]).err().unwrap_or_default()
    };
    let rows = [
        (
            "url = 'https://u:p@a.jp/'",
            "`url` holds a user name or password; secrets do not belong in the configuration",
        ),
        ("url = 'https://a.jp/'\nallow_hosts = ['b.jp']", "`allow_hosts` lacks `a.jp`, the host of the address"),
        ("urls = ['https://a.jp/', 'https://a.jp/']", "the address `https://a.jp/` stands twice"),
        ("index = 'https://a.jp/'", "`index` needs `pattern`, `link_text` or both, to choose the links of the page"),
        ("url = 'https://a.jp/'\nlink_text = 'x'", "`link_text` chooses links of a page and needs `index`"),
        (
            "url = 'https://a.jp/'\npattern = 'x'",
            "`pattern` chooses files of a folder or links of a page and needs `path` or `index`",
        ),
        ("path = 'x'\npattern = '[x'", "`pattern` is no pattern of `*` and `?`: invalid range pattern"),
        ("urls = []", "`urls` must hold 1 to 200 addresses"),
        ("url = 'https://a.jp/'\npath = 'x'", "exactly one of `path`, `url`, `urls`, `index` and `snmp` must be there"),
    ];
    for (place, message) in rows {
        let found = source(place);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].ends_with(message), "{found:?}");
    }
}

#[test]
fn the_old_key_every_works_with_a_warning_and_can_be_renamed() {
    let new = register("path = 'r'").replace("interval", "interval   ");
    let (old, other) = (new.replace("interval", "every"), mynumber("path = 'm'\ncode = '14130'"));
    let read = |text: &str| {
        let files = [("r.toml".to_owned(), text.to_owned()), ("m.toml".to_owned(), other.clone())];
        parse(Path::new("."), &files, &catalogues()).unwrap()
    };
    let (before, after) = (read(&old), read(&new));
    assert!(before.sources[0].is_same(&after.sources[0]));
    let warnings: Vec<String> = before.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "r.toml:5: `every` is now called `interval` and will be refused by the next version; `shihyo check --fix` renames it"
        ]
    );
    assert_eq!(after.warnings, []);
    assert_eq!(rename_old_keys(&old).as_deref(), Some(&*new));
    assert_eq!(rename_old_keys(&new), None);
    let both = format!("{new}\n").replace("plan =", "every = \"1d\"\nplan =");
    assert_eq!(rename_old_keys(&both), None);
    assert!(
        mistakes(&both).contains(&"x.toml:3: `every` is the old name of `interval`; remove one of the two".to_owned())
    );
}

#[test]
fn the_fingerprint_follows_the_meaning_and_not_the_layout() {
    let fingerprint = |text: &str| {
        let other = mynumber("path = 'm'\ncode = '14130'");
        let files = [("r.toml".to_owned(), text.to_owned()), ("m.toml".to_owned(), other)];
        parse(Path::new("."), &files, &catalogues()).unwrap().sources[0].fingerprint.clone()
    };
    let text = format!("{}[source.columns]\nvalue = ['値']\n", register("path = 'r'"));
    let same = [
        text.replace("value = ['値']", "value = [ # the figure\n  \"値\",\n]"),
        text.replace("interval = \"1d\"", "interval = \"2d\""),
        text.replace("path = 'r'", "path = 's'"),
    ];
    for other in &same {
        assert_eq!(fingerprint(other), fingerprint(&text), "{other}");
    }
    let different = [
        text.replace("['値']", "['数値']"),
        text.replace("path = 'r'", "path = 'r'\nencoding = 'cp932'"),
        text.replace("\"データセット数\"", "\"件数\""),
    ];
    for other in &different {
        assert_ne!(fingerprint(other), fingerprint(&text), "{other}");
    }
}

#[test]
fn a_file_is_read_again_when_its_text_or_the_catalogue_of_one_of_its_plans_changes() {
    let of = |name: &str, text: String| (name.to_owned(), text);
    let (m, r) = (|place: &str| of("m.toml", mynumber(place)), |place: &str| of("r.toml", register(place)));
    let folder = Path::new(".");
    let before = parse(folder, &[m("path = 'm'\ncode = '14130'"), r("path = 'r'")], &catalogues()).unwrap();
    let again = |files: &[(String, String)], is_same: bool| {
        let is_same = |_: &str| is_same;
        parse_again(folder, files, &catalogues(), Some(ReadBefore { sources: &before, is_same: &is_same }))
    };
    let same = |read: &LoadedSources| -> Vec<bool> {
        let pairs = read.sources.iter().zip(&before.sources);
        pairs.map(|(now, then)| Arc::ptr_eq(now, then)).collect()
    };
    let files = [m("path = 'm'\ncode = '14130'"), r("path = 'other'")];
    let read = again(&files, true).unwrap();
    assert_eq!((same(&read), read.sources[1].address()), (vec![true, false], "other"));
    assert_eq!(same(&again(&files, false).unwrap()), [false, false]);
    // What is wrong between a file that was not read again and another one is found all the same.
    let missing = again(&files[..1], true).unwrap_err();
    assert!(
        missing.iter().any(|mistake| mistake.message.contains("no source `register` is configured")),
        "{missing:?}"
    );
    let twice = again(&[files[0].clone(), r("path = 'r'"), of("s.toml", register("path = 'r'"))], true).unwrap_err();
    assert!(twice[0].message.contains("stands twice in plan `p`: also r.toml:1"), "{twice:?}");
}
