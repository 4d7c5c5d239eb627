//! A store's own document, taken for the rules of the bucket that the URL or the file names.

use std::borrow::Cow;

use bucket_cors::config::Severity;
use url::Url;

use crate::folder;
use crate::import::code::{self, Weight};
use crate::import::file::{File, FileContent};
use crate::import::foreign;
use crate::import::imported_document::{Document, ImportedBucket, Sourced};
use crate::import::remarks::Remarks;
use crate::import::sources::{self, BucketNames};
use crate::import::store;
use crate::input;
use crate::source::{FoundConfiguration, FoundConfigurations, Position, Trouble, Unread};

/// How a bucket's host goes on behind its name, at stores that address it so.
const STORES: [&str; 7] = [
    "s3.",
    "s3-",
    "oss-",
    "cos.",
    "obs.",
    "tos-",
    "storage.googleapis.com",
];

/// Which bucket a document's rules are to be for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked<'u> {
    /// The one that the file is called after: the rules are put in force for it.
    Called,
    /// The same, or one without a name: nothing comes of it.
    File,
    /// The one that a URL is for.
    Url(&'u str),
    /// Whichever is asked for.
    Any,
}

const ASSUMED: &str = "nothing in it says whose it is, and it is read as OSS's: where it is of Amazon S3 or of another store that \
                       follows it, take what `bucket-cors import --from s3` prints";

/// No bucket's name: it stands for the one that is missing.
const NO_NAME: &str = "";

/// Puts a plugin configuration in the place of a store's own document, if a file is one.
///
/// # Errors
/// Why the document cannot be read.
pub(crate) fn take(name: &str, found: &mut FoundConfigurations, asked: Asked<'_>) -> Result<(), Trouble> {
    // Several documents of YAML are one file, which each of them has.
    let mut texts = found.configurations.iter().map(FoundConfiguration::whole_text);
    let Some(text) = texts.next().flatten().map(Cow::into_owned) else {
        return Ok(());
    };
    if texts.any(|text| text.is_none()) {
        return Ok(());
    }
    let mut file = File::new(name, &text, &[]);
    // A configuration whose rules stand in the wrong place.
    if file.values().iter().any(|value| value.get("buckets").is_some()) {
        return Ok(());
    }
    let Some(source) = sources::of(&file).filter(|source| source.names == BucketNames::Outside) else {
        return way_out(&file).map_or(Ok(()), |message| Err(Trouble::new(message)));
    };
    let (bucket, hosts) = asked.bucket(name);
    file.bucket = Some(bucket);
    let mut remarks = Remarks::default();
    if store::is_assumed(&file) {
        remarks.say(code::ASSUMED_STORE, name, ASSUMED);
    }
    let FileContent::Buckets(mut buckets) = (source.read)(&file, &mut remarks)? else {
        return Ok(());
    };
    let is_unnamed = buckets.iter().any(|bucket| bucket.name == NO_NAME);
    if is_unnamed && asked == Asked::Called {
        return Err(Trouble::new(
            "it is called after no bucket, so it does not say whose rules it holds: give it the name of its bucket, or name the \
             bucket with `bucket-cors import --bucket`, and take what that prints",
        ));
    }
    let names: Vec<&str> = buckets.iter().map(|bucket| bucket.name.as_str()).collect();
    let profile = source.profile.name;
    let label = if is_unnamed {
        format!("the rules of a bucket that the file is not called after, profile {profile}")
    } else {
        let word = if names.len() == 1 { "bucket" } else { "buckets" };
        format!(
            "the rules of the {word} {}, profile {profile}",
            names.join(" and ")
        )
    };
    for bucket in &mut buckets {
        bucket.hosts.clone_from(&hosts);
        if bucket.name == NO_NAME {
            "bucket".clone_into(&mut bucket.name);
        }
    }
    let document = Document {
        profile,
        endpoints: Vec::new(),
        buckets,
    };
    let text = serde_json::to_string(&document).map_err(|error| Trouble::new(error.to_string()))?;
    let mut whole = FoundConfiguration::built(label, text, &places(&document.buckets));
    whole.unread = remarks
        .sorted()
        .into_iter()
        .filter(|remark| remark.matters())
        .map(|remark| Unread {
            position: position(remark.place()).unwrap_or(Position::START),
            severity: match remark.code.weight {
                Weight::NotCarriedOver => Severity::Error,
                _ => Severity::Warning,
            },
            code: remark.code.name,
            message: remark.message().to_owned(),
        })
        .collect();
    found.configurations = vec![whole];
    Ok(())
}

/// What a file is that the tool knows and that holds no configuration, and what to do with it.
fn way_out(file: &File<'_>) -> Option<String> {
    if let Some(source) = sources::of(file) {
        let name = source.name;
        return Some(format!(
            "it looks like what `bucket-cors import --from {name}` reads: import it, and check what that prints"
        ));
    }
    let is_whole = file.is_xml() || file.documents().is_ok();
    let foreign = foreign::file(file).filter(|_| is_whole);
    foreign.map(|foreign| foreign.message)
}

/// What keeps a file from being read, with the way out where there is no configuration in it and it is known for
/// something else.
pub(crate) fn with_way_out(name: &str, trouble: Trouble) -> Trouble {
    // A place is that of a mistake in what was read.
    let input = Some(name).filter(|name| *name != "-" && trouble.position.is_none());
    let Some(Ok(input)) = input.map(input::read) else {
        return trouble;
    };
    match way_out(&File::new(name, &input.text, &[])) {
        Some(way_out) => Trouble::new(format!("{}: {way_out}", trouble.message)),
        None => trouble,
    }
}

impl Asked<'_> {
    /// The bucket's name, and its hosts where no path names it.
    fn bucket(self, file: &str) -> (String, Vec<String>) {
        let called = folder::called(file);
        match self {
            Self::Any => ("*".to_owned(), Vec::new()),
            Self::Called | Self::File => (called.unwrap_or_else(|| NO_NAME.to_owned()), Vec::new()),
            Self::Url(url) => bucket_of(url, called.as_deref()),
        }
    }
}

/// The bucket that a URL is for, with its host where no path names it, if one is called so.
pub(crate) fn bucket_of(url: &str, called: Option<&str>) -> (String, Vec<String>) {
    let Ok(url) = Url::parse(url) else {
        return ("*".to_owned(), Vec::new());
    };
    let host = url.host_str().unwrap_or_default();
    let (label, rest) = host.split_once('.').unwrap_or((host, ""));
    let mut segments = url.path().split('/').skip(1);
    let first = segments.next().unwrap_or_default();
    let is_in_path = called == Some(first) || segments.next().is_some();
    let is_in_host = called.is_some_and(|name| name == label || name == host)
        || STORES.iter().any(|store| rest.starts_with(store));
    if first.is_empty() || !is_in_path || is_in_host && called != Some(first) {
        let name = called.filter(|name| *name == host).unwrap_or(label);
        return (name.to_owned(), vec![host.to_owned()]);
    }
    (first.to_owned(), Vec::new())
}

/// Where in the file each value stands that a finding can speak of.
fn places(buckets: &[ImportedBucket]) -> Vec<(String, Position)> {
    let mut places = Vec::new();
    let mut add = |pointer: String, place: &str| places.extend(position(place).map(|at| (pointer, at)));
    for (index, bucket) in buckets.iter().enumerate() {
        for (number, rule) in bucket.cors.rules.iter().enumerate() {
            let rules = format!("/buckets/{index}/cors/CORSRules/{number}");
            add(rules.clone(), &rule.place);
            let lists: [(&str, &[Sourced<String>]); 4] = [
                ("AllowedOrigins", &rule.allowed_origins),
                ("AllowedMethods", &rule.allowed_methods),
                ("AllowedHeaders", &rule.allowed_headers),
                ("ExposeHeaders", &rule.expose_headers),
            ];
            for (field, values) in lists {
                if let Some(value) = values.first() {
                    add(format!("{rules}/{field}"), &value.place);
                }
                for (at, value) in values.iter().enumerate() {
                    add(format!("{rules}/{field}/{at}"), &value.place);
                }
            }
            if let Some(id) = &rule.id {
                add(format!("{rules}/ID"), &id.place);
            }
            if let Some(seconds) = &rule.max_age_seconds {
                add(format!("{rules}/MaxAgeSeconds"), &seconds.place);
            }
        }
    }
    places
}

/// The line and the column of a place.
fn position(place: &str) -> Option<Position> {
    let mut steps = place.rsplitn(3, ':');
    let column = steps.next()?.parse().ok()?;
    let line = steps.next()?.parse().ok()?;
    Some(Position { line, column })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_or_the_file_names_the_bucket() {
        for (file, url, name, host) in [
            ("photos.xml", "https://edge.example/photos/a.jpg", "photos", ""),
            (
                "photos.xml",
                "https://photos.oss.example/2024/a.jpg",
                "photos",
                "photos.oss.example",
            ),
            ("photos.cors.json", "https://edge.example/photos/", "photos", ""),
            ("cors.json", "https://edge.example/photos/a.jpg", "photos", ""),
            ("-", "https://edge.example/photos/a.jpg", "photos", ""),
            (
                "cors.json",
                "https://photos.s3.eu-west-1.amazonaws.com/2024/a.jpg",
                "photos",
                "photos.s3.eu-west-1.amazonaws.com",
            ),
            (
                "cors.json",
                "https://photos.example.com/a.jpg",
                "photos",
                "photos.example.com",
            ),
            (
                "static.example.com.xml",
                "https://static.example.com/a/b.jpg",
                "static.example.com",
                "static.example.com",
            ),
        ] {
            let hosts: Vec<String> = Some(host.to_owned())
                .filter(|host| !host.is_empty())
                .into_iter()
                .collect();
            assert_eq!(
                Asked::Url(url).bucket(file),
                (name.to_owned(), hosts),
                "{file} {url}"
            );
        }
        assert_eq!(Asked::File.bucket("a/photos.xml").0, "photos");
        assert_eq!(Asked::File.bucket("-").0, NO_NAME);
    }
}
