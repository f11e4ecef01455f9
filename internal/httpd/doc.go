// Package httpd is the HTTP door: the REST API under /v1, its OpenAPI document, the health and metrics
// endpoints, and the places where the event stream, the documentation and the web app hang.
//
// It is in charge of everything that is HTTP: who calls and whether the route lets them in, reading a
// request strictly, turning results and errors into answers, cursors, rate limits and headers. It is
// not in charge of any rule about messages, accounts or providers: commands go to the stage or
// service that owns them, reads go straight to the store.
//
// How a request passes: [Server.Handler] recovers panics, counts, sets the security headers, lets
// nothing but the setup through before the first person has registered, and refuses cross-origin
// writes. The route then checks the media type and the size of the body, resolves the credential,
// asks the access table (access.go), and reads path, query, headers and body into one struct by the
// very tags that describe them in the OpenAPI document. The handler gets a [call] and that struct and
// returns a value or an error; one function (problem.go) turns every error into its answer.
//
// What it guarantees on failure: a route that is not in the access table cannot be registered; an answer
// outside 2xx is a problem of api.Kinds; a missing object and an object of another workspace get the same
// bytes; an internal error tells an identifier and nothing else; a panic ends one request only.
package httpd
