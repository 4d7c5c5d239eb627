//! `--from ingress-nginx`: the annotations of an Ingress, as ingress-nginx reads them.

use bucket_cors::profile;

use super::source::{BucketNames, Source};
use crate::import::code;
use crate::import::document::Sourced;
use crate::import::file::{File, FileContent};
use crate::import::ingress::{self, Controller};
use crate::import::kubernetes;
use crate::import::remarks::Remarks;
use crate::source::Trouble;

const PREFIX: &str = "nginx.ingress.kubernetes.io/";

pub(super) static SOURCE: Source = Source {
    name: "ingress-nginx",
    holds: "the annotations of an Ingress, as ingress-nginx reads them",
    about: "\
An Ingress with the annotations nginx.ingress.kubernetes.io/enable-cors and cors-*: `kubectl get ingresses -A -o yaml`. What is not said has ingress-nginx's defaults. Its * stands for one label, which no pattern can say, so that origins with a * are not carried over. The same is lost as of Envoy's policies.",
    profile: &profile::FETCH,
    names: BucketNames::Routes,
    kinds: &["Ingress"],
    recognises: |file| {
        let values = file.values();
        let mut ingresses = values.iter().filter(|value| kubernetes::kind(value) == "Ingress");
        ingresses.any(|ingress| ingress::has_annotations(ingress, PREFIX))
    },
    read,
};

const CONTROLLER: Controller = Controller {
    prefixes: &[PREFIX],
    headers: "DNT, Keep-Alive, User-Agent, X-Requested-With, If-Modified-Since, Cache-Control, Content-Type, Range, \
              Authorization",
    origin,
    takes_aliases: true,
    echoes: false,
};

/// Reads the Ingresses.
///
/// # Errors
/// That it is no YAML and no JSON, for a person.
fn read(file: &File<'_>, remarks: &mut Remarks) -> Result<FileContent, Trouble> {
    let resources = file.documents()?.values();
    Ok(FileContent::Hosts(ingress::all(
        resources.iter(),
        &CONTROLLER,
        remarks,
    )))
}

/// The controller makes `[A-Za-z0-9-]+` of a `*` in front of a host, and leaves out entries with a `*` elsewhere.
fn origin(Sourced { value, place }: Sourced<String>, remarks: &mut Remarks) -> Option<Sourced<String>> {
    let rest = value.split_once("://*.").map(|(_, rest)| rest);
    let message = if rest.is_some_and(|rest| !rest.contains('*')) {
        format!(
            "{value:?}: to ingress-nginx this * is one label, and a pattern's * takes dots too: list the origins, or add \
             {value:?} to AllowedOrigins if all of that may be let in"
        )
    } else {
        format!(
            "{value:?}: ingress-nginx takes a * only for the first label of a host and leaves this out; so does this import"
        )
    };
    remarks.say(code::ONE_LABEL, &place, message);
    None
}
