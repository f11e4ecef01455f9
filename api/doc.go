// Package api is the HTTP contract of the gateway: the values that cross the wire as JSON, the codes
// of its problems, and how a value of the domain is shown to the outside.
//
// It is in charge of names, shapes and documentation of the API, and of nothing else: it knows no
// HTTP server, no store and no rule. The struct tags describe the fields to the generator of the OpenAPI
// document (api/openapi.json), which is therefore never written by hand.
//
// What it guarantees: JSON is snake_case; times are RFC 3339 in UTC with milliseconds; identifiers are
// opaque strings with a prefix that tells their noun; a field without a value is left out, lists,
// numbers and booleans of a response never are unless their comment says so. No response type has a field
// for a password, a hash or a secret but the one answer that shows it once.
package api
