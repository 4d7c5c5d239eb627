//! What a proxy or a control plane makes of a configuration before the filter gets it.

use prost::Message as _;
use prost_types::value::Kind;
use prost_types::{ListValue, Struct, Value};

use super::scalar::{self, Plain};
use super::tree::{Content, NodeId, ScalarForm, Tree};

/// How a value becomes JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// By way of Kubernetes: keys are sorted.
    Sorted,
    /// By way of a `google.protobuf.Struct` as well: each number becomes a double.
    Doubles,
}

/// The JSON of a value. A key that is given twice stays twice, for the filter's reader to complain of: some parsers
/// refuse that, others take either.
pub(super) fn json(tree: &Tree, root: NodeId, form: Form) -> String {
    let mut text = String::new();
    write(tree, root, form, &mut text);
    text
}

fn write(tree: &Tree, id: NodeId, form: Form, json: &mut String) {
    let Some(node) = tree.node(id) else { return };
    match &node.content {
        Content::Scalar { text, style } => plain(text, *style).write(text, form == Form::Doubles, json),
        Content::List(items) => {
            json.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    json.push(',');
                }
                write(tree, *item, form, json);
            }
            json.push(']');
        }
        Content::Map(pairs) => {
            let mut pairs: Vec<_> = pairs
                .iter()
                .map(|(key, value)| (tree.text(*key).unwrap_or_default(), *value))
                .collect();
            pairs.sort_by_key(|(key, _)| *key);
            json.push('{');
            for (index, (key, value)) in pairs.into_iter().enumerate() {
                if index > 0 {
                    json.push(',');
                }
                scalar::write_text(key, json);
                json.push(':');
                write(tree, value, form, json);
            }
            json.push('}');
        }
    }
}

fn plain(text: &str, style: ScalarForm) -> Plain {
    match style {
        ScalarForm::Plain => Plain::read(text),
        ScalarForm::Quoted | ScalarForm::Literal | ScalarForm::Folded => Plain::Text,
    }
}

/// The bytes of a `google.protobuf.Struct`, which is what Envoy hands over where a filter's configuration is one.
pub(super) fn protobuf(tree: &Tree, root: NodeId) -> Vec<u8> {
    fields(tree, root).encode_to_vec()
}

fn fields(tree: &Tree, id: NodeId) -> Struct {
    let pairs = tree.pairs(id).iter();
    Struct {
        fields: pairs
            .map(|(key, item)| (tree.text(*key).unwrap_or_default().to_owned(), value(tree, *item)))
            .collect(),
    }
}

fn value(tree: &Tree, id: NodeId) -> Value {
    let kind = match tree.node(id).map(|node| &node.content) {
        None => Kind::NullValue(0),
        Some(Content::List(items)) => Kind::ListValue(ListValue {
            values: items.iter().map(|item| value(tree, *item)).collect(),
        }),
        Some(Content::Map(_)) => Kind::StructValue(fields(tree, id)),
        Some(Content::Scalar { text, style }) => match plain(text, *style) {
            Plain::Null => Kind::NullValue(0),
            Plain::Flag(flag) => Kind::BoolValue(flag),
            Plain::Text => Kind::StringValue(text.clone()),
            number => Kind::NumberValue(number.double().unwrap_or_default()),
        },
    };
    Value { kind: Some(kind) }
}
