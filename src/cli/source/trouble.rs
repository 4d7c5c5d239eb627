//! What is wrong with a file.

use std::fmt;

use super::position::Position;

/// What kept a file from being read, or what there is to say of it.
#[derive(Debug, Clone)]
pub(crate) struct Trouble {
    pub(crate) position: Option<Position>,
    pub(crate) message: String,
}

impl Trouble {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            position: None,
            message: message.into(),
        }
    }

    pub(crate) fn at(position: Position, message: impl Into<String>) -> Self {
        Self {
            position: Some(position),
            message: message.into(),
        }
    }

    /// Where it is, as editors find it: the file, and the line and the column where they are known.
    pub(crate) fn place(&self, file: &str) -> String {
        match self.position {
            Some(at) => format!("{file}:{}:{}", at.line, at.column),
            None => file.to_owned(),
        }
    }
}

impl From<String> for Trouble {
    fn from(message: String) -> Self {
        Self::new(message)
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some(at) => write!(f, "{}:{}: {}", at.line, at.column, self.message),
            None => f.write_str(&self.message),
        }
    }
}
