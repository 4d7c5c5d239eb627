//! Names of buckets in paths. Each means the same bucket on every endpoint, so hosts share them only where their
//! policies are the same.

use super::grouped::GroupedHosts;
use super::host_group::{HostGroup, NamedPath};
use super::reach::Spot;

/// A bucket's name as it stands in a path.
pub(super) fn segment(name: &str) -> &str {
    name.strip_suffix('/').unwrap_or(name)
}

/// Why the names in a host's paths cannot be said beside those of earlier hosts, if they cannot.
///
/// `on_every_host`: names in paths are under hosts that nothing lists.
pub(super) fn why_not_beside<'r>(
    group: &HostGroup<'r>,
    earlier: &[&HostGroup<'r>],
    on_every_host: bool,
    site: &GroupedHosts<'r>,
) -> Option<String> {
    for known in earlier {
        let is_taken = |path: &NamedPath<'_>| {
            let other = known.paths.iter();
            let mut other = other.filter(|other| segment(&other.name) == segment(&path.name));
            other.any(|other| other.name != path.name || other.policy != path.policy)
        };
        let met = group.paths.iter().find(|path| is_taken(path));
        let met = met.map(|path| segment(&path.name));
        if let Some(name) = met
            .or_else(|| given_away(group, known, site))
            .or_else(|| given_away(known, group, site))
        {
            return Some(format!(
                "a name in a path means the same bucket on every host, and {} has another policy, or none, for {name:?}",
                if known.paths.iter().any(|path| segment(&path.name) == name) {
                    group
                } else {
                    known
                }
                .called()
            ));
        }
        if known.whole.is_some() || group.whole.is_some() || group.is_any || on_every_host {
            return Some(format!(
                "what the paths of {} do not name has another policy, or none",
                known.called()
            ));
        }
    }
    None
}

/// The first name of a group whose bucket would give its policy to a host of another group, whose own routes do not.
fn given_away<'g, 'r>(
    from: &'g HostGroup<'r>,
    to: &HostGroup<'_>,
    site: &GroupedHosts<'r>,
) -> Option<&'g str> {
    let gives_too_much = |path: &&NamedPath<'r>, host: &str| {
        let name = segment(&path.name);
        let is_whole = name == path.name;
        !site.admits(host, Spot::Below(name), path.policy)
            || is_whole && !site.admits(host, Spot::Segment(name), path.policy)
    };
    let is_given = |path: &&NamedPath<'r>| to.names.iter().any(|host| gives_too_much(path, host));
    let path = from.paths.iter().find(is_given)?;
    Some(segment(&path.name))
}
