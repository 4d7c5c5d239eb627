//! JSON, piece by piece: a value is handed out as soon as it is read, and no tree is built.
//!
//! Not serde_json, whose readers are generic: each kind of value that is read with it adds kilobytes to the module. It is
//! the measure all the same: a test below holds this reader to what serde_json accepts, refuses and says.

use std::borrow::Cow;

/// The deepest nesting that is read; serde_json's limit. A valid configuration has eight levels.
const DEEPEST: u32 = 127;

/// A value, or the beginning of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Null,
    Flag(bool),
    /// A number as it is written.
    Number(&'a str),
    /// A string, borrowed where it holds no escapes.
    Text(Cow<'a, str>),
    /// The beginning of a list, whose elements [`Json::element`] announces.
    List,
    /// The beginning of an object, whose keys [`Json::key`] reads.
    Object,
}

/// The text cannot be read any further; [`Json::reason`] says why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stopped;

/// A JSON text and how far it has been read.
#[derive(Debug)]
pub(super) struct Json<'a> {
    text: &'a str,
    at: usize,
    /// How many brackets are open.
    depth: u32,
    /// A bit for each of them, the innermost last: 1 for an object.
    objects: u128,
    /// Whether an opening bracket was the last thing that was read.
    just_opened: bool,
    reason: &'static str,
}

impl<'a> Json<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            depth: 0,
            objects: 0,
            just_opened: false,
            reason: "",
        }
    }

    /// Reads a value. After [`Value::List`] and [`Value::Object`] its elements or keys must be read to their end.
    pub(super) fn value(&mut self) -> Result<Value<'a>, Stopped> {
        match self.peek() {
            Some(b'"') => self.string().map(Value::Text),
            Some(b'{') => self.open(Value::Object),
            Some(b'[') => self.open(Value::List),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'n') => self.word("null", Value::Null),
            Some(b't') => self.word("true", Value::Flag(true)),
            Some(b'f') => self.word("false", Value::Flag(false)),
            _ => Err(self.stop("expected value", "EOF while parsing a value")),
        }
    }

    /// Whether the list goes on, with a value that is to be read next.
    pub(super) fn element(&mut self) -> Result<bool, Stopped> {
        self.goes_on(b']', "expected `,` or `]`", "EOF while parsing a list")
    }

    /// The object's next key, whose value is to be read next.
    pub(super) fn key(&mut self) -> Result<Option<Cow<'a, str>>, Stopped> {
        const CUT_SHORT: &str = "EOF while parsing an object";
        if !self.goes_on(b'}', "expected `,` or `}`", CUT_SHORT)? {
            return Ok(None);
        }
        if self.peek() != Some(b'"') {
            return Err(self.stop("key must be a string", CUT_SHORT));
        }
        let key = self.string()?;
        self.peek();
        if !self.eat(b':') {
            return Err(self.stop("expected `:`", CUT_SHORT));
        }
        Ok(Some(key))
    }

    /// Reads past what is left of a value.
    pub(super) fn skip(&mut self, begun: &Value<'_>) -> Result<(), Stopped> {
        if !matches!(begun, Value::List | Value::Object) {
            return Ok(());
        }
        let outside = self.depth.saturating_sub(1);
        while self.depth > outside {
            let goes_on = if self.objects & 1 == 1 {
                self.key()?.is_some()
            } else {
                self.element()?
            };
            if goes_on {
                self.value()?;
            }
        }
        Ok(())
    }

    /// Makes sure that nothing follows.
    pub(super) fn end(&mut self) -> Result<(), Stopped> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.stop("trailing characters", "")),
        }
    }

    /// Why reading stopped.
    pub(super) fn reason(&self) -> &'static str {
        self.reason
    }

    /// Where reading stopped: the length of the text, or the place of the byte that could not be read.
    pub(super) fn offset(&self) -> usize {
        self.at
    }

    #[cold]
    fn stop(&mut self, reason: &'static str, at_end: &'static str) -> Stopped {
        self.reason = if self.at < self.text.len() { reason } else { at_end };
        Stopped
    }

    fn next_byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn pass(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    /// Reads the byte if it stands next.
    fn eat(&mut self, byte: u8) -> bool {
        let found = self.next_byte() == Some(byte);
        if found {
            self.pass();
        }
        found
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        while matches!(self.next_byte(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.pass();
        }
        self.next_byte()
    }

    fn open(&mut self, value: Value<'a>) -> Result<Value<'a>, Stopped> {
        if self.depth >= DEEPEST {
            return Err(self.stop("recursion limit exceeded", ""));
        }
        self.pass();
        self.depth = self.depth.saturating_add(1);
        self.objects = self.objects << 1 | u128::from(value == Value::Object);
        self.just_opened = true;
        Ok(value)
    }

    /// Reads the comma before the next element or key, or the closing bracket behind the last one.
    fn goes_on(
        &mut self,
        close: u8,
        neither: &'static str,
        cut_short: &'static str,
    ) -> Result<bool, Stopped> {
        let first = std::mem::replace(&mut self.just_opened, false);
        match self.peek() {
            Some(byte) if byte == close => {
                self.pass();
                self.depth = self.depth.saturating_sub(1);
                self.objects >>= 1;
                Ok(false)
            }
            Some(_) if first => Ok(true),
            Some(b',') => {
                self.pass();
                if self.peek().is_none_or(|next| next == close) {
                    return Err(self.stop("trailing comma", "EOF while parsing a value"));
                }
                Ok(true)
            }
            _ => Err(self.stop(neither, cut_short)),
        }
    }

    fn word(&mut self, word: &'static str, value: Value<'a>) -> Result<Value<'a>, Stopped> {
        for byte in word.bytes() {
            if !self.eat(byte) {
                return Err(self.stop("expected ident", "EOF while parsing a value"));
            }
        }
        Ok(value)
    }

    fn number(&mut self) -> Result<Value<'a>, Stopped> {
        let from = self.at;
        self.eat(b'-');
        // Nothing but a point or an exponent follows a leading zero.
        if !self.eat(b'0') {
            self.digits()?;
        } else if self.next_byte().is_some_and(|byte| byte.is_ascii_digit()) {
            return Err(self.stop("invalid number", ""));
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _ = self.eat(b'+') || self.eat(b'-');
            self.digits()?;
        }
        Ok(Value::Number(self.text.get(from..self.at).unwrap_or_default()))
    }

    /// One digit or more.
    fn digits(&mut self) -> Result<(), Stopped> {
        let from = self.at;
        while self.next_byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.pass();
        }
        if self.at == from {
            return Err(self.stop("invalid number", "EOF while parsing a value"));
        }
        Ok(())
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Stopped> {
        self.pass();
        let plain = self.plain()?;
        if self.eat(b'"') {
            return Ok(Cow::Borrowed(plain));
        }
        let mut text = plain.to_owned();
        while !self.eat(b'"') {
            text.push(self.escape()?);
            text.push_str(self.plain()?);
        }
        Ok(Cow::Owned(text))
    }

    /// What stands before the next `"` or `\`.
    fn plain(&mut self) -> Result<&'a str, Stopped> {
        let from = self.at;
        let rest = self.text.as_bytes().get(from..).unwrap_or_default();
        self.at = from.saturating_add(plain_len(rest));
        if self.next_byte().is_none_or(|byte| byte < 0x20) {
            return Err(self.stop(
                "control character (\\u0000-\\u001F) found while parsing a string",
                CUT_STRING,
            ));
        }
        // Both ends stand beside ASCII, so they are no middle of a character.
        Ok(self.text.get(from..self.at).unwrap_or_default())
    }

    /// The character of an escape; its `\` stands next.
    fn escape(&mut self) -> Result<char, Stopped> {
        self.pass();
        let character = match self.next_byte() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.pass();
                return self.code_point();
            }
            _ => return Err(self.stop("invalid escape", CUT_STRING)),
        };
        self.pass();
        Ok(character)
    }

    /// The character of a `\u` escape, which takes two of them where it is not in the Basic Multilingual Plane.
    fn code_point(&mut self) -> Result<char, Stopped> {
        let unit = self.four_digits()?;
        if let Some(character) = char::from_u32(unit) {
            return Ok(character);
        }
        if unit < 0xdc00 {
            if !self.eat(b'\\') || !self.eat(b'u') {
                return Err(self.stop("unexpected end of hex escape", CUT_STRING));
            }
            let units = [unit, self.four_digits()?].map(|unit| u16::try_from(unit).unwrap_or(0));
            if let Some(Ok(character)) = char::decode_utf16(units).next() {
                return Ok(character);
            }
        }
        let reason = "lone leading surrogate in hex escape";
        Err(self.stop(reason, reason))
    }

    fn four_digits(&mut self) -> Result<u32, Stopped> {
        let end = self.at.saturating_add(4);
        let Some(digits) = self.text.as_bytes().get(self.at..end) else {
            self.at = self.text.len();
            return Err(self.stop("", CUT_STRING));
        };
        let mut unit = 0_u32;
        for &byte in digits {
            let Some(digit) = char::from(byte).to_digit(16) else {
                return Err(self.stop("invalid escape", ""));
            };
            unit = unit << 4 | digit;
        }
        self.at = end;
        Ok(unit)
    }
}

const CUT_STRING: &str = "EOF while parsing a string";

/// How many bytes stand before the first `"`, `\` or control character: eight at a time, because most of a configuration is
/// strings.
fn plain_len(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    let mut len = 0_usize;
    let mut rest = bytes;
    while let Some((eight, tail)) = rest.split_first_chunk::<8>() {
        let word = u64::from_le_bytes(*eight);
        // The high bit of each byte that is below `bound`; a wrong one can only stand behind, that is above, a right one.
        let below = |word: u64, bound: u64| word.wrapping_sub(ONES.wrapping_mul(bound)) & !word;
        let is = |byte: u8| below(word ^ ONES.wrapping_mul(u64::from(byte)), 1);
        let found = (below(word, 0x20) | is(b'"') | is(b'\\')) & (ONES << 7);
        if found != 0 {
            let first = usize::try_from(found.trailing_zeros() >> 3).unwrap_or_default();
            return len.saturating_add(first);
        }
        len = len.saturating_add(8);
        rest = tail;
    }
    let ends = |&byte: &u8| byte < 0x20 || byte == b'"' || byte == b'\\';
    len.saturating_add(rest.iter().position(ends).unwrap_or(rest.len()))
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
