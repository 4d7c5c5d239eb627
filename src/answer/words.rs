//! What was decided, in words: for `x-bucket-cors` and for the access log.

use super::Responder;
use super::bytes::{push_decimal, push_quoted};
use super::scratch::Scratch;
use crate::config::Mode;
use crate::decision::Decision;
use crate::verdict::Verdict;

impl Responder<'_> {
    /// The value of `x-bucket-cors`, where it is sent.
    pub fn explanation<'a>(&self, verdict: Verdict, scratch: &'a mut Scratch) -> Option<&'a [u8]> {
        let explains = self.matcher.settings().explain;
        explains.then(|| {
            scratch.explanation.clear();
            self.describe(verdict, &mut scratch.explanation)
        })
    }

    /// Keeps what [`Scratch::access_log`] gives, where the configuration wants it.
    pub fn log(&self, decision: &Decision<'_>, scratch: &mut Scratch) {
        if self.matcher.settings().access_log {
            let out = &mut scratch.access_log;
            if let Some((bucket, _)) = self.bucket {
                push_quoted(b"bucket=", self.matcher.name(bucket), out);
                out.extend_from_slice(b"; ");
            }
            self.describe(decision.verdict(), out);
        }
    }

    /// Adds what was decided.
    pub(super) fn describe<'a>(&self, verdict: Verdict, out: &'a mut Vec<u8>) -> &'a [u8] {
        if self.mode() == Mode::Shadow {
            out.extend_from_slice(b"shadow; ");
        }
        match verdict {
            Ok(id) => {
                out.extend_from_slice(b"match; rule=");
                push_decimal(id.index(), out);
                if let Some(name) = self
                    .rule(verdict)
                    .map(|rule| rule.id)
                    .filter(|name| !name.is_empty())
                {
                    push_quoted(b"; id=", name, out);
                }
            }
            Err(reason) => {
                out.extend_from_slice(b"no-match; reason=");
                out.extend_from_slice(reason.reason().as_bytes());
            }
        }
        out
    }
}
