//! `[targets]` and the file it names: targets as data. The compiled-in ones, or a file's in their place; every mistake at once.

mod definition;
mod measure;
mod plan;
mod restatement;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::source::{self, Node, SourcePosition};
use super::{Config, ConfigError, ConfigErrors, one};
use crate::app::config::keys::{Section, section_list};
use crate::ledger::emissions::DeclaredRestatement;
use crate::ledger::targets::{Baseline, Comparison, HEADLINE, Kind, Measure, Target, headline};
use crate::ledger::transition::Profile;
use crate::model::check_id;
use crate::units::Day;

/// The targets that are compiled in.
pub const SHIPPED_TARGETS: &str = include_str!("../../../../config/targets.toml");
/// More are a mistake: each is assessed anew whenever the register changes.
const MAX_TARGETS: usize = 200;

/// `[targets]`: where targets come from.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TargetsConfig {
    /// `file` with targets instead of those compiled in.
    pub file: Option<PathBuf>,
}

pub(super) fn read(mut section: Section<'_>) -> TargetsConfig {
    let mut config = TargetsConfig::default();
    section.optional_path("file", &mut config.file);
    section.finish();
    config
}

/// The content of the targets' file.
#[derive(Clone, PartialEq, Debug)]
pub struct TargetsFile {
    /// `[[target]]` sections, in the file's order.
    pub targets: Arc<[Target]>,
    /// `engine.profile` with the options of `[definition]`: the definition of "low emission" in force.
    pub profile: Profile,
    /// `[[restatement]]` sections: declared changes of a base year.
    pub restatements: Arc<[DeclaredRestatement]>,
}

/// The targets compiled in, or those of a file.
pub fn load_targets(config: &Config) -> Result<Arc<[Target]>, ConfigErrors> {
    load_targets_file(config).map(|file| file.targets)
}

/// All of the file that is compiled in, or of that in its place.
pub fn load_targets_file(config: &Config) -> Result<TargetsFile, ConfigErrors> {
    let Some(file) = &config.targets.file else {
        return parse_targets_file(SHIPPED_TARGETS, "config/targets.toml (compiled in)", config);
    };
    let name = file.display().to_string();
    match std::fs::read_to_string(file) {
        Ok(text) => parse_targets_file(&text, &name, config),
        Err(error) => {
            let hint = "`targets.file` must be a file that the daemon may read; start from a copy of config/targets.toml";
            Err(one(name, 1, format!("cannot be read: {error}"), hint))
        }
    }
}

/// Targets from text. `[target]` of the configuration gives goal, due date and baseline to those with `settings = "target"`.
pub fn parse_targets(
    text: &str,
    file: &str,
    config: &Config,
) -> Result<Arc<[Target]>, ConfigErrors> {
    parse_targets_file(text, file, config).map(|file| file.targets)
}

/// The whole file from text.
pub fn parse_targets_file(
    text: &str,
    file: &str,
    config: &Config,
) -> Result<TargetsFile, ConfigErrors> {
    let mut tree = source::parse(text)
        .map_err(|(line, message)| one(file.to_owned(), line, message, "this line is not TOML"))?;
    let mut errors = Vec::new();
    let Some(profile) = Profile::by_name(&config.engine.profile) else {
        let known: Vec<&str> = config
            .engine
            .jurisdiction
            .profiles
            .iter()
            .map(|profile| profile.name)
            .collect();
        let reason = format!(
            "`engine.profile`: no profile is called `{}`",
            config.engine.profile
        );
        return Err(one(
            file.to_owned(),
            1,
            reason,
            &format!("one of: {}", known.join(", ")),
        ));
    };
    let profile = definition::read(&mut tree, profile, &mut errors);
    let restatements = restatement::read(&mut tree, &mut errors).into();
    let mut targets = list(&mut tree, config, &mut errors);
    for target in &mut targets {
        if let Measure::Fleet {
            profile: Some(own), ..
        } = &mut target.measure
        {
            *own = own.with_options_of(&profile);
        }
    }
    if errors.is_empty() {
        Ok(TargetsFile {
            targets: targets.into(),
            profile,
            restatements,
        })
    } else {
        Err(ConfigErrors {
            file: file.to_owned(),
            errors,
        })
    }
}

fn list(
    tree: &mut BTreeMap<String, Node>,
    config: &Config,
    errors: &mut Vec<ConfigError>,
) -> Vec<Target> {
    let items = section_list(tree.remove("target"), "target", "", errors);
    refuse_other_sections(tree, errors);
    let mut targets: Vec<Target> = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        let mut section = Section::from_node(format!("target[{index}]"), Some(item), errors);
        if index == MAX_TARGETS {
            section.refuse_section("is one too many", format!("at most {MAX_TARGETS} targets"));
        }
        let id_position = section.position_of("id");
        let target = target(&mut section, config);
        if let Some(target) = target.filter(|_| index < MAX_TARGETS) {
            check_against_others(&mut section, &target, id_position, &targets);
            targets.push(target);
        }
        section.finish();
    }
    targets
}

fn refuse_other_sections(tree: &mut BTreeMap<String, Node>, errors: &mut Vec<ConfigError>) {
    for (key, node) in std::mem::take(tree) {
        errors.push(ConfigError {
            key,
            position: node.position,
            value: String::new(),
            reason: "is not a section of this file".into(),
            hint: "this file has [definition], [[target]] and [[restatement]]".into(),
        });
    }
}

/// Ids are unique, and only one target takes its goal from `[target]`.
fn check_against_others(
    section: &mut Section<'_>,
    target: &Target,
    id_position: Option<SourcePosition>,
    others: &[Target],
) {
    if others.iter().any(|other| other.id == target.id) {
        let reason = "is the id of two targets";
        let hint = "rows of both would be one series";
        section.refuse("id", id_position, &*target.id, reason, hint);
    } else if *target.id == *HEADLINE {
        let reason = "is the target that [target] sets";
        section.refuse("id", id_position, &*target.id, reason, "choose another id");
    }
    if target.from_settings && others.iter().any(|other| other.from_settings) {
        let hint = "[target] can set only one";
        section.refuse_key("settings", "is set in two targets", hint);
    }
}

fn target(section: &mut Section<'_>, config: &Config) -> Option<Target> {
    let (id, metric) = names(section);
    let kind = kind(section);
    let mut comparison = Comparison::NotBelow;
    let signs = [
        (">=", Comparison::NotBelow),
        ("<=", Comparison::NotAbove),
        ("=", Comparison::Reference),
    ];
    section.word("comparison", &mut comparison, &signs);
    let measure = measure::read(section, kind);
    let fleet = matches!(measure, Some(Measure::Fleet { .. }));
    if fleet && comparison != Comparison::NotBelow {
        let reason = "does not fit a share of vehicles";
        let hint = "write \">=\", or leave it out";
        section.refuse("comparison", None, comparison.sign(), reason, hint);
    }
    let mut texts = [None::<String>, None, None];
    for (key, text) in ["note", "source", "confidence"].into_iter().zip(&mut texts) {
        section.optional_text(key, text);
    }
    let [note, source, confidence] = texts.map(Option::unwrap_or_default);
    let aim = Aim::read(section, kind, measure.as_ref(), config);
    let plan = plan::read(section, measure.as_ref(), kind, config.engine.jurisdiction);
    Some(Target {
        id: id?.into(),
        kind: kind?,
        metric: metric?,
        measure: measure?,
        goal: aim.goal?,
        comparison,
        due: aim.due,
        baseline: aim.baseline,
        plan,
        note,
        source,
        confidence,
        from_settings: aim.from_settings,
        alias_of: None,
    })
}

/// `id` and `metric`.
fn names(section: &mut Section<'_>) -> (Option<String>, Option<String>) {
    let (mut id, mut metric) = (None, None);
    needed(
        section,
        "id",
        "a name for rows, API and alerts, such as share_low_90",
    );
    needed(section, "metric", "what is measured, in words");
    let hint = "letters, digits, `-`, `_`, `.`, `:`, `|`";
    section.parsed("id", &mut id, hint, |text| {
        check_id(text)
            .map(str::to_owned)
            .map_err(|error| error.to_string())
    });
    section.optional_text("metric", &mut metric);
    (id, metric)
}

fn kind(section: &mut Section<'_>) -> Option<Kind> {
    let mut kind = None;
    let kinds = [
        ("share", Some(Kind::Share)),
        ("relative", Some(Kind::Relative)),
        ("level", Some(Kind::Level)),
        ("count", Some(Kind::Count)),
        ("indicator", Some(Kind::Indicator)),
    ];
    needed(
        section,
        "kind",
        "one of: share, relative, level, count, indicator",
    );
    section.word("kind", &mut kind, &kinds);
    kind
}

/// What a target has to reach, from where and by when.
struct Aim {
    /// None after a mistake.
    goal: Option<f64>,
    due: Option<Day>,
    baseline: Baseline,
    /// All three come from `[target]` of the configuration.
    from_settings: bool,
}

impl Aim {
    fn read(
        section: &mut Section<'_>,
        kind: Option<Kind>,
        measure: Option<&Measure>,
        config: &Config,
    ) -> Self {
        let mut from_settings = false;
        section.word("settings", &mut from_settings, &[("target", true)]);
        if from_settings {
            refuse_own_aim(section, measure);
            let engine = &config.engine;
            let set = headline(
                engine.target_share,
                engine.target_due,
                engine.target_start.zip(engine.target_start_share),
            );
            return Self {
                goal: Some(set.goal),
                due: set.due,
                baseline: set.baseline,
                from_settings,
            };
        }
        let (low, high) = match kind {
            Some(Kind::Share) => (0.0, 1.0),
            Some(Kind::Relative) => (-1.0, 10.0),
            _ => (0.0, 1e12),
        };
        let (mut goal, mut due) = (None, None);
        let hint = "a share such as 0.9, a change such as -0.2, or a figure";
        needed(section, "goal", hint);
        section.number("goal", &mut goal, low, high);
        section.optional_day("due", &mut due);
        let baseline = plan::baseline(section, kind, measure);
        if baseline
            .date
            .zip(due)
            .is_some_and(|(from, due)| from >= due)
        {
            section.refuse_section(
                "`baseline.date` is not before `due`",
                "the path runs from the one to the other",
            );
        }
        Self {
            goal,
            due,
            baseline,
            from_settings,
        }
    }
}

/// With `settings = "target"` a target has no goal, due date and baseline of its own, and is a share of vehicles.
fn refuse_own_aim(section: &mut Section<'_>, measure: Option<&Measure>) {
    if measure.is_some_and(|measure| !matches!(measure, Measure::Fleet { .. })) {
        section.refuse_key(
            "settings",
            "is for a share of vehicles",
            "leave `settings` out and write goal and due here",
        );
    }
    for key in ["goal", "due", "baseline"] {
        if section.has(key) {
            let hint = "write it in [target] of the configuration, or leave `settings` out";
            section.refuse_key(key, "comes from [target] by `settings = \"target\"`", hint);
            section.skip(key);
        }
    }
}

/// Reports a key that must be there and is not.
fn needed(section: &mut Section<'_>, key: &'static str, hint: &str) {
    if !section.has(key) {
        section.refuse_section(format!("has no `{key}`"), hint);
    }
}
