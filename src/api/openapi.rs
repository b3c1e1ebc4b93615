//! `/api/v1/openapi.json`: the OpenAPI 3.1 document, made from the table of routes and the answer types. OpenAPI 3.1 takes JSON Schema
//! 2020-12 as it is, so the schemas need no translation.

use std::sync::OnceLock;

use axum::http::StatusCode;
use axum::routing::get;
use schemars::SchemaGenerator;
use schemars::generate::{Contract, SchemaSettings};
use serde_json::{Map, Value, json};

use super::ROUTES;
use super::response::{self, ErrorBody};
use super::route::{Route, schema};

pub(super) const OPENAPI: Route = Route {
    method: "get",
    path: "/openapi.json",
    summary: "This document",
    parameters: &[],
    media_type: "application/json",
    body: None,
    response: schema::<Value>,
    handler: || get(|| async { response::json(StatusCode::OK, document().to_owned()) }),
};

/// The document as JSON text, made once.
pub fn document() -> &'static str {
    static DOCUMENT: OnceLock<String> = OnceLock::new();
    DOCUMENT.get_or_init(|| make().to_string())
}

fn make() -> Value {
    let mut generator = generator(Contract::Serialize);
    // Bodies are read, answers are written: a field with a default is optional only in the first.
    let mut bodies = self::generator(Contract::Deserialize);
    let mut paths = Map::new();
    for route in ROUTES {
        let path = format!("/api/v1{}", route.path);
        let operation = operation(route, &mut generator, &mut bodies);
        paths.insert(path, json!({ route.method: operation }));
    }
    let error = schema::<ErrorBody<'static>>(&mut generator);
    let mut schemas = bodies.take_definitions(true);
    schemas.extend(generator.take_definitions(true));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "fleetgauge",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Figures of charge points and vehicles. Units are in the field names; times are RFC 3339 in UTC; days are London days; an unknown figure is null.",
        },
        "paths": paths,
        "security": [{}, { "token": [] }, { "session": [] }],
        "components": {
            "schemas": schemas,
            "responses": { "Error": {
                "description": "The request was refused: 400 wrong, 401 no login, 403 not allowed, 409 not possible, 415 not JSON, 503 not now.",
                "content": { "application/json": { "schema": error } },
            } },
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer" },
                "session": { "type": "apiKey", "in": "cookie", "name": "fleetgauge" },
            },
        },
    })
}

fn generator(contract: Contract) -> SchemaGenerator {
    SchemaSettings::draft2020_12()
        .with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
            settings.contract = contract;
        })
        .into_generator()
}

fn operation(
    route: &Route,
    generator: &mut SchemaGenerator,
    bodies: &mut SchemaGenerator,
) -> Value {
    let parameters: Vec<Value> = route
        .parameters
        .iter()
        .map(|parameter| {
            json!({
                "name": parameter.name,
                "in": "query",
                "description": parameter.description,
                "schema": { "type": "string" },
            })
        })
        .collect();
    let mut operation = json!({
        "operationId": format!("{}{}", route.method, route.path.replace(['/', '-', '.'], "_")),
        "summary": route.summary,
        "responses": {
            "200": {
                "description": "The answer.",
                "content": { route.media_type: { "schema": (route.response)(generator) } },
            },
            "default": { "$ref": "#/components/responses/Error" },
        },
    });
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    if let Some(body) = route.body {
        operation["requestBody"] = json!({
            "required": true,
            "content": { "application/json": { "schema": body(bodies) } },
        });
    }
    operation
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(reference)) = fields.get("$ref") {
                    found.push(reference.clone());
                }
                fields.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }

    #[test]
    fn every_route_and_every_reference_is_in_the_document() {
        let document: Value = serde_json::from_str(document()).expect("it is JSON");
        assert_eq!(document["openapi"], "3.1.0");
        for route in ROUTES {
            let operation = &document["paths"][format!("/api/v1{}", route.path)][route.method];
            assert!(operation["responses"]["200"].is_object(), "{}", route.path);
        }
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 100, "only {} references", found.len());
        for reference in found {
            let pointer = reference.strip_prefix('#').expect("a reference in here");
            assert!(
                document.pointer(pointer).is_some(),
                "{reference} is nowhere"
            );
        }
    }

    #[test]
    fn schemas_have_the_names_of_the_api_and_the_words_of_the_types() {
        let document: Value = serde_json::from_str(document()).expect("it is JSON");
        let schemas = &document["components"]["schemas"];
        let fields = &schemas["AlertRow"]["properties"];
        assert!(fields["told"].is_object(), "{fields}");
        assert!(fields["notification_open"].is_null());
        assert_eq!(
            fields["acked"]["description"],
            "Set once a person acknowledged the alert."
        );
        assert!(schemas["VehicleRow"]["properties"]["last_message"].is_null());
        let silence = &schemas["SilenceBody"];
        assert_eq!(silence["required"], json!(["matchers", "duration_s"]));
    }
}
