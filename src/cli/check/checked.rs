//! What the filter would say of a file, and what its surroundings do to it.

use bucket_cors::config::{self, KEPT_FINDINGS, Severity};

use super::timing;
use crate::bare::{self, Asked};
use crate::clients;
use crate::clients::to_try::OperationLine;
use crate::source::{
    FoundConfiguration, FoundConfigurations, Located, Position, Region, Trouble, placeholder,
};

/// A file and what there is to say of it.
pub(super) struct Checked {
    pub(super) file: String,
    pub(super) configurations: Vec<CheckedConfiguration>,
    /// Configurations of other plugins.
    pub(super) others: Vec<Trouble>,
    pub(super) trouble: Option<Trouble>,
    /// What becomes of the clients that were asked for.
    pub(super) clients: Vec<OperationLine>,
}

pub(super) struct CheckedConfiguration {
    pub(super) label: String,
    pub(super) pointer: String,
    pub(super) start: Position,
    /// What the filter gets.
    pub(super) text: Vec<u8>,
    pub(super) findings: Vec<LocatedFinding>,
    pub(super) errors: usize,
    /// What becomes of it in their place.
    pub(super) instead: Option<&'static str>,
    pub(super) warnings: usize,
}

pub(super) struct LocatedFinding {
    pub(super) severity: Severity,
    /// The file that it stands in, if not that of the configuration.
    pub(super) elsewhere: Option<String>,
    pub(super) finding: config::Finding,
    pub(super) place: Located,
}

impl LocatedFinding {
    pub(super) fn severity(&self) -> &'static str {
        match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

pub(super) fn check(file: String, found: Result<FoundConfigurations, Trouble>, asked: Asked<'_>) -> Checked {
    let mut checked = Checked {
        file,
        configurations: Vec::new(),
        others: Vec::new(),
        trouble: None,
        clients: Vec::new(),
    };
    match found {
        Err(trouble) => checked.trouble = Some(bare::with_way_out(&checked.file, trouble)),
        Ok(mut found) => {
            if let Err(trouble) = bare::take(&checked.file, &mut found, asked) {
                checked.trouble = Some(trouble);
                return checked;
            }
            checked.configurations = found
                .configurations
                .iter()
                .map(|it| check_one(&checked.file, it))
                .collect();
            checked.others = found.others;
        }
    }
    checked
}

fn check_one(file: &str, configuration: &FoundConfiguration) -> CheckedConfiguration {
    let (_, report) = config::parse(&configuration.text);
    let mut findings = Vec::new();
    let mut add = |severity, found: &[config::Finding]| {
        findings.extend(found.iter().map(|finding| {
            let place = configuration.locate(finding);
            let filled_later = place.value.as_deref().and_then(placeholder::within);
            LocatedFinding {
                severity,
                elsewhere: None,
                finding: config::Finding {
                    message: filled_later.map_or_else(|| without_place(finding), to_be_filled),
                    ..finding.clone()
                },
                place,
            }
        }));
    };
    add(Severity::Error, report.errors.kept());
    add(Severity::Warning, report.warnings.kept());
    let mut own = clients::warnings::of(&configuration.text);
    if report.errors.total() == 0 {
        own.extend(timing::warnings(&configuration.text));
    }
    let room = KEPT_FINDINGS.saturating_sub(report.warnings.kept().len());
    add(Severity::Warning, own.get(..room).unwrap_or(&own));
    findings.extend(configuration.unread.iter().map(|unread| LocatedFinding {
        severity: unread.severity,
        elsewhere: None,
        finding: config::Finding {
            code: unread.code,
            pointer: String::new(),
            message: unread.message.clone(),
        },
        place: Located {
            region: Region::at(unread.position),
            value: None,
        },
    }));
    let unread = |severity| {
        configuration
            .unread
            .iter()
            .filter(|it| it.severity == severity)
            .count()
    };
    findings.extend(configuration.around.iter().map(|warning| LocatedFinding {
        severity: Severity::Warning,
        elsewhere: Some(warning.file.to_string()).filter(|elsewhere| elsewhere != file),
        finding: config::Finding {
            code: warning.code.name,
            pointer: warning.pointer.clone(),
            message: warning.message.clone(),
        },
        place: Located {
            region: warning.region,
            value: None,
        },
    }));
    CheckedConfiguration {
        label: configuration.label.clone(),
        pointer: configuration.pointer.clone(),
        start: configuration.start,
        text: configuration.text.clone(),
        findings,
        errors: report.errors.total().saturating_add(unread(Severity::Error)),
        instead: configuration.instead(),
        warnings: report
            .warnings
            .total()
            .saturating_add(own.len())
            .saturating_add(configuration.around.len())
            .saturating_add(unread(Severity::Warning)),
    }
}

fn to_be_filled(placeholder: &str) -> String {
    format!("{placeholder} is what a template fills in later: check the file that it becomes")
}

/// The message without the place in the text that the filter gets: the finding has the one in the file.
fn without_place(finding: &config::Finding) -> String {
    let message = &finding.message;
    if finding.code != "not-json" {
        return message.clone();
    }
    let cut = || {
        let (before, rest) = message.rsplit_once(" at line ")?;
        let (line, rest) = rest.split_once(" column ")?;
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let after = rest.get(digits(rest)..)?;
        (digits(line) == line.len()).then(|| format!("{before}{after}"))
    };
    cut().unwrap_or_else(|| message.clone())
}

impl CheckedConfiguration {
    /// How many findings are not shown.
    pub(super) fn left_out(&self) -> usize {
        let total = self.errors.saturating_add(self.warnings);
        total.saturating_sub(self.findings.len())
    }
}
