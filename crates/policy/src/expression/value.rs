//! JSON as CEL sees it.

use std::collections::HashMap;
use std::sync::Arc;

use cel::Value;
use cel::objects::{Key, Map};
use serde_json::Value as Json;

/// A whole number is an int where it fits into one, so that it compares with the numbers in an expression.
pub(super) fn of_json(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => number
            .as_i64()
            .map(Value::Int)
            .or_else(|| number.as_u64().map(Value::UInt))
            .or_else(|| number.as_f64().map(Value::Float))
            .unwrap_or(Value::Null),
        Json::String(text) => Value::String(Arc::new(text.clone())),
        Json::Array(elements) => Value::List(Arc::new(elements.iter().map(of_json).collect())),
        Json::Object(fields) => {
            let map: HashMap<Key, Value> = fields
                .iter()
                .map(|(name, value)| (Key::String(Arc::new(name.clone())), of_json(value)))
                .collect();
            Value::Map(Map { map: Arc::new(map) })
        }
    }
}
