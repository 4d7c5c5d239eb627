//! Changes to a response's headers, collected while its headers are being read, and made when they no longer are: Envoy
//! moves what was read with the first change.

use super::abi::{AbiHeader, HeaderType};
use super::host::{EnvoyStream, MapHeaders};
use crate::edge::ResponseHeaders;

/// What is to be changed, in order.
#[derive(Default)]
pub(super) struct Changes {
    changes: Vec<Change>,
    /// What the changes are about, one behind the other: the value to set, or the name to remove.
    bytes: Vec<u8>,
}

struct Change {
    edit: Edit,
    len: usize,
}

#[derive(Clone, Copy)]
enum Edit {
    Set(&'static str),
    /// There was none of that name.
    Add(&'static str),
    Remove,
}

impl Changes {
    pub(super) fn clear(&mut self) {
        self.changes.clear();
        self.bytes.clear();
    }

    pub(super) fn push_set(&mut self, name: &'static str, value: &[u8]) {
        self.push(Edit::Set(name), value);
    }

    fn push(&mut self, edit: Edit, bytes: &[u8]) {
        self.changes.push(Change {
            edit,
            len: bytes.len(),
        });
        self.bytes.extend_from_slice(bytes);
    }

    fn iter(&self) -> impl Iterator<Item = (Edit, &[u8])> {
        let mut rest = self.bytes.as_slice();
        self.changes.iter().map_while(move |change| {
            let (bytes, behind) = rest.split_at_checked(change.len)?;
            rest = behind;
            Some((change.edit, bytes))
        })
    }

    /// Makes them; false: not all of them.
    #[must_use]
    pub(super) fn apply(&self, stream: &mut EnvoyStream) -> bool {
        self.iter().all(|(edit, bytes)| match edit {
            Edit::Set(name) => stream.set_header(HeaderType::Response, name, bytes),
            Edit::Add(name) => stream.add_header(HeaderType::Response, name, bytes),
            Edit::Remove => stream.remove_header(HeaderType::Response, bytes),
        })
    }

    /// The headers that are set, as those of a whole response.
    pub(super) fn as_headers(&self, out: &mut Vec<AbiHeader>) {
        out.clear();
        out.extend(self.iter().filter_map(|(edit, value)| match edit {
            Edit::Set(name) | Edit::Add(name) => Some(AbiHeader {
                name: name.into(),
                value: value.into(),
            }),
            Edit::Remove => None,
        }));
    }
}

/// Collects the changes to a response that has some headers already.
pub(super) struct Collector<'a> {
    pub(super) changes: &'a mut Changes,
    /// `None`: unknown.
    pub(super) sent: Option<MapHeaders<'a>>,
}

impl ResponseHeaders for Collector<'_> {
    fn set(&mut self, name: &'static str, value: &[u8]) {
        let is_absent = self
            .sent
            .clone()
            .is_some_and(|mut sent| !sent.any(|(sent, _)| sent == name.as_bytes()));
        let edit = if is_absent {
            Edit::Add(name)
        } else {
            Edit::Set(name)
        };
        self.changes.push(edit, value);
    }

    fn remove(&mut self, name: &[u8]) {
        self.changes.push(Edit::Remove, name);
    }
}
