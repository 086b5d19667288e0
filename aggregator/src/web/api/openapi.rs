//! The OpenAPI document, derived from the table of routes and the types of their answers.

use super::problem::{PROBLEM, ProblemBody};
use super::response::{JSON, tagged};
use super::routes::{PREFIX, ROUTES, Route};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// The document, OpenAPI 3.1.
pub fn document() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut schemas = settings.for_serialize().into_generator();
    let problem = schemas.subschema_for::<ProblemBody>();
    let mut paths = Map::new();
    for route in ROUTES {
        let path = paths.entry(format!("{PREFIX}{}", route.path)).or_insert_with(|| json!({}));
        path[if route.writes { "post" } else { "get" }] = operation(route, &mut schemas);
    }
    let failed = json!({"description": "A problem (RFC 9457)", "content": {PROBLEM: {"schema": problem}}});
    let bearer = json!({"type": "http", "scheme": "bearer", "description": "The token of `http.token_file`"});
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Shihyo",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Plans, KPIs, rollups, observations and quarantine of a city's data plan.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas.take_definitions(true),
            "responses": {"Problem": failed},
            "securitySchemes": {"token": bearer},
        },
    })
}

fn operation(route: &Route, schemas: &mut SchemaGenerator) -> Value {
    let in_path = route.path.split(['{', '}']).skip(1).step_by(2);
    let text = json!({"type": "string"});
    let in_path = in_path.map(|name| json!({"name": name, "in": "path", "required": true, "schema": text}));
    let in_query = route.query.iter().map(|parameter| {
        json!({
            "name": parameter.name(),
            "in": "query",
            "required": route.required.contains(parameter),
            "description": parameter.description(),
            "schema": parameter.schema(),
        })
    });
    let mut operation = json!({
        "operationId": route.id,
        "summary": route.summary,
        "parameters": in_path.chain(in_query).collect::<Vec<_>>(),
        "responses": {
            route.status().as_str(): {
                "description": route.summary,
                "headers": {"ETag": {"schema": {"type": "string"}}},
                "content": {JSON: {"schema": (route.schema)(schemas)}},
            },
            "default": {"$ref": "#/components/responses/Problem"},
        },
    });
    if !route.writes {
        operation["responses"]["304"] = json!({"description": "The reader has it already (If-None-Match)"});
    }
    if route.token {
        operation["security"] = json!([{"token": []}]);
    }
    operation
}

/// The document over HTTP.
pub(super) async fn serve(headers: HeaderMap) -> Response {
    tagged(StatusCode::OK, &headers, document().to_string())
}
