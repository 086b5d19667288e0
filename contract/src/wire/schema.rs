//! The JSON Schema of the wire form.

use crate::record::Record;

/// JSON Schema of the wire form, generated from the records; checked in as `contract/record.schema.json`.
pub fn schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(Record).to_value();
    for kind in schema["oneOf"].as_array_mut().into_iter().flatten() {
        kind["properties"]["schema"] = serde_json::json!({
            "description": "Version of this schema.", "type": "integer", "format": "uint32", "minimum": 0,
        });
        for (key, what) in [
            ("signed_by", "Id of the key that signed the line."),
            ("mac", "The signature; both stand behind `schema`."),
        ] {
            kind["properties"][key] = serde_json::json!({ "description": what, "type": "string" });
        }
        if let Some(required) = kind["required"].as_array_mut() {
            required.insert(1, "schema".into());
        }
    }
    schema
}
