//! `--from s3`: the CORS document of a bucket of S3 or its kin.

use bucket_cors::profile;

use super::source::{BucketNames, Source};
use crate::import::store;

pub(super) static SOURCE: Source = Source {
    name: "s3",
    holds: "Amazon S3 and its kin: XML or JSON of GetBucketCors",
    about: "\
The same of S3 and its kin: the XML, what `aws s3api get-bucket-cors --bucket BUCKET` prints, or the list that the console shows. Methods beside GET, PUT, POST, DELETE and HEAD, which some stores take, are not carried over; --profile fetch takes them.",
    profile: &profile::S3,
    names: BucketNames::Outside,
    kinds: &[],
    recognises: |file| store::dialect(file) == Some(store::Dialect::S3),
    read: store::document,
};
