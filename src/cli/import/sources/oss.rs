//! `--from oss`: the CORS document of an OSS bucket.

use bucket_cors::profile;

use super::source::{BucketNames, Source};
use crate::import::store;

pub(super) static SOURCE: Source = Source {
    name: "oss",
    holds: "Alibaba Cloud OSS: XML or JSON of GetBucketCORS",
    about: "\
What GetBucketCORS answers, as XML or JSON: `ossutil cors --method get oss://BUCKET`, or `ossutil api get-bucket-cors --bucket BUCKET`. It does not name the bucket: say --bucket, or the file's name is taken (photos.xml is that of photos). Nothing is lost.",
    profile: &profile::OSS,
    names: BucketNames::Outside,
    kinds: &[],
    recognises: |file| store::dialect(file) == Some(store::Dialect::Oss),
    read: store::document,
};
