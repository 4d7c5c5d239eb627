//! What each file of the corpus stands for: the text of a configuration, what is asked of it, and what the store sends.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use bucket_cors::config::{self, Bucket};

use crate::bodies;
use crate::bodies::proofs::generate::GeneratedCase;
use crate::bodies::proofs::requests::SortedHeaders;
use crate::render;
use crate::support::case::files_in;

/// A file of the corpus.
pub(crate) struct Tape {
    /// The target and the file.
    pub(crate) name: String,
    /// The configuration of the filter.
    pub(crate) text: Vec<u8>,
    /// `None`: the text is no configuration.
    pub(crate) case: Option<GeneratedCase>,
    /// What the store sends beside its body.
    pub(crate) sent: SortedHeaders,
}

impl Tape {
    /// Whether it is a text beside the one that is asked.
    pub(crate) fn is_second(&self) -> bool {
        self.name.ends_with(REFUSED)
    }
}

/// What the name of a file is followed by for the text that is there to be refused.
const REFUSED: &str = ", with what is refused";

/// What a target makes of the bytes of a file.
type Read = fn(Vec<u8>) -> Vec<Tape>;

/// The texts of every target's files, in the order of their names.
pub(crate) fn all() -> Vec<Tape> {
    let targets: [(&str, Read); 4] = [
        ("configuration", |text| vec![configuration(text)]),
        ("decision", |tape| generated(bodies::decided(&tape), a_store())),
        ("response", |tape| {
            let (case, sent) = bodies::responded(&tape);
            generated(case, sent)
        }),
        ("addressing", |tape| {
            generated(bodies::addressed(&tape), a_store())
        }),
    ];
    targets
        .iter()
        .flat_map(|(target, read)| {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
            files_in(&folder.join(target)).into_iter().flat_map(move |file| {
                let name = format!("{target}/{}", file.file_name().unwrap().display());
                let mut tapes = read(fs::read(&file).unwrap());
                for tape in &mut tapes {
                    tape.name = format!("{name}{}", tape.name);
                }
                tapes
            })
        })
        .collect()
}

/// A store that has its own idea of CORS, none of which may be seen where a bucket's rules apply.
fn a_store() -> SortedHeaders {
    let headers = [
        ("vary", "Accept-Encoding"),
        ("access-control-allow-origin", "https://store.example"),
        ("access-control-unheard-of", "1"),
    ];
    headers
        .map(|(name, value)| (name.to_owned(), value.into()))
        .to_vec()
}

fn configuration(text: Vec<u8>) -> Tape {
    // What is read borrows from the text, and there are few.
    let kept: &'static [u8] = text.clone().leak();
    let mut buckets: Vec<Bucket<'static>> = Vec::new();
    let (settings, report) = config::read(kept, &mut buckets);
    let case = report.errors.is_empty().then(|| GeneratedCase {
        requests: bodies::asked_of(kept, &settings, &buckets),
        settings,
        buckets,
    });
    Tape {
        name: String::new(),
        text,
        case,
        sent: a_store(),
    }
}

/// What the tape generates. Where the reader refuses some of it, what is left without that is asked, and the whole is
/// there to be refused.
fn generated(mut case: GeneratedCase, sent: SortedHeaders) -> Vec<Tape> {
    render::make_writable(&mut case.buckets);
    let whole = render::text(&case.settings, &case.buckets);
    let mut text = whole.clone();
    while let Some(refused) = refused_origins(&text) {
        for [bucket, rule, origin] in refused.into_iter().rev() {
            case.buckets[bucket].rules[rule].allowed_origins.remove(origin);
        }
        for bucket in &mut case.buckets {
            bucket.rules.retain(|rule| !rule.allowed_origins.is_empty());
        }
        text = render::text(&case.settings, &case.buckets);
    }
    let mut tapes = Vec::new();
    if text != whole {
        tapes.push(Tape {
            name: REFUSED.to_owned(),
            text: whole.into_bytes(),
            case: None,
            sent: SortedHeaders::new(),
        });
    }
    tapes.push(Tape {
        name: String::new(),
        text: text.into_bytes(),
        case: Some(case),
        sent,
    });
    tapes
}

/// The places of the origins that the reader does not take, in order; `None`: it takes the text.
fn refused_origins(text: &str) -> Option<BTreeSet<[usize; 3]>> {
    let (_, report) = config::read(text.as_bytes(), &mut Vec::<Bucket<'_>>::new());
    if report.errors.is_empty() {
        return None;
    }
    let place = |pointer: &str| {
        let parts: Vec<&str> = pointer.split('/').collect();
        match parts[..] {
            [
                "",
                "buckets",
                bucket,
                "cors",
                "CORSRules",
                rule,
                "AllowedOrigins",
                origin,
            ] => [bucket, rule, origin].map(|index| index.parse().unwrap()),
            _ => panic!("{pointer} is no origin, and all else that is generated is to be taken"),
        }
    };
    let findings = report.errors.kept().iter();
    Some(findings.map(|finding| place(&finding.pointer)).collect())
}
