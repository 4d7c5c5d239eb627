//! What came back for a request, whichever ring asked.

/// A response, and whether the upstream saw the request.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClientAnswer {
    pub(crate) reached_upstream: bool,
    pub(crate) status: u16,
    /// Names in lower case, one entry per line, in order.
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

impl ClientAnswer {
    /// Every value of a header, one per line.
    pub(crate) fn values(&self, name: &str) -> Vec<String> {
        let lines = self.headers.iter().filter(|(line, _)| line == name);
        lines
            .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
            .collect()
    }

    /// The names in a list-based header, as [`names_in`] gives them; empty where there is none.
    pub(crate) fn names_in(&self, name: &str) -> Vec<String> {
        names_in(&self.values(name).join(","))
    }

    /// The text of an element of an XML error body.
    pub(crate) fn error_element(&self, element: &str) -> Option<String> {
        let body = String::from_utf8_lossy(&self.body);
        let (_, rest) = body.split_once(&format!("<{element}>"))?;
        let (text, _) = rest.split_once(&format!("</{element}>"))?;
        let text = text
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"");
        Some(
            text.replace("&apos;", "'")
                .replace("&#39;", "'")
                .replace("&amp;", "&"),
        )
    }
}

/// The elements of a list-based header value, in lower case and sorted.
pub(crate) fn names_in(value: &str) -> Vec<String> {
    let names = value.split(',').map(|name| name.trim().to_ascii_lowercase());
    let mut names: Vec<String> = names.filter(|name| !name.is_empty()).collect();
    names.sort();
    names
}
