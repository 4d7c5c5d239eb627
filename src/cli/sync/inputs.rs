//! The files that a configuration is made from: the base, and the document that it is put into.

use serde_json::{Map, Value};

use super::base::BaseConfiguration;
use crate::input;
use crate::source::{self, Holder, Trouble};

/// Which files there are.
#[derive(Debug)]
pub(super) struct InputFiles {
    pub(super) base: Option<String>,
    pub(super) into: Option<String>,
}

/// The texts of the base and of what the configuration is put into.
pub(super) type InputTexts = (Option<String>, Option<String>);

/// What was read of the files.
#[derive(Debug)]
pub(super) struct EdgeInputs {
    pub(super) base: BaseConfiguration,
    pub(super) texts: InputTexts,
    /// The configuration that stands in the document already.
    pub(super) present: Option<Value>,
}

impl InputFiles {
    /// What the files say now. `profile`: where they say none.
    ///
    /// # Errors
    /// What is wrong with them, for a person.
    pub(super) fn read(&self, profile: &str) -> Result<EdgeInputs, String> {
        let read = |file: &Option<String>| {
            let input = file.as_deref().map(input::read).transpose()?;
            Ok::<_, String>(input.map(|input| input.text))
        };
        let texts = (read(&self.base)?, read(&self.into)?);
        let present = match (&self.into, &texts.1) {
            (Some(file), Some(text)) => present(file, text)?,
            _ => None,
        };
        let configuration = match (&self.base, &texts.0) {
            (Some(file), Some(text)) => {
                let json = source::as_json(text).map_err(|trouble| said(file, &trouble))?;
                serde_json::from_str(&json).map_err(|error| format!("{file}: {error}"))?
            }
            _ => present.clone().unwrap_or_else(|| Value::Object(Map::new())),
        };
        let base = BaseConfiguration::new(configuration, profile).and_then(BaseConfiguration::taken);
        let base = base.map_err(|why| format!("{}: {why}", self.name_of_base()))?;
        Ok(EdgeInputs { base, texts, present })
    }

    /// The file that has the base.
    pub(super) fn name_of_base(&self) -> &str {
        let file = self.base.as_ref().or(self.into.as_ref());
        file.map_or("the base", String::as_str)
    }
}

/// The configuration that a document has.
///
/// # Errors
/// That there is no place for one, or that it has several different ones.
pub(super) fn present(file: &str, text: &str) -> Result<Option<Value>, String> {
    let holder = Holder::read(file, text).map_err(|trouble| said(file, &trouble))?;
    let mut found = holder.configurations().into_iter();
    let first = found
        .next()
        .ok_or_else(|| format!("{file}: there is no configuration of bucket-cors in it"))?;
    if found.any(|other| other != first) {
        return Err(format!(
            "{file}: the configurations in it differ, and each would be given the same: name what they have in common \
             with --base, and keep the others in another file"
        ));
    }
    let Some(text) = first else { return Ok(None) };
    let wrong = |why: String| format!("{file}: what stands where the configuration does is none: {why}");
    match serde_json::from_str(&text) {
        Ok(value @ Value::Object(_)) => Ok(Some(value)),
        Ok(_) => Err(wrong("it is no object".to_owned())),
        Err(error) => Err(wrong(error.to_string())),
    }
}

/// What is wrong with a file, with its place there.
pub(super) fn said(file: &str, trouble: &Trouble) -> String {
    format!("{}: {}", trouble.place(file), trouble.message)
}
