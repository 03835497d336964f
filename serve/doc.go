// Package serve answers questions about pictures over HTTP: which classes a model sees in them, their embeddings, and the
// training images nearest to them.
//
// A [Handler] is an http.Handler with all routes, for a server of one's own; [Serve] runs one with timeouts, and stops without
// losing a request that it took. GET /openapi.json describes the routes, GET / is a page to try them on.
//
// Pictures that come within a few milliseconds are computed together, with the bits that hybrid.Predictor.Classify gives each
// of them alone. What may wait is bounded: beyond it requests are answered 503 with Retry-After. Bodies, pixels, their number
// and the time that they take to come are bounded too, and nothing is allocated on a header's word alone.
//
// Errors are answered as problem details (RFC 9457, application/problem+json). Each answer has an X-Request-Id: the client's, if
// it sent one. The package logs to Settings.Log alone, one line for a request.
package serve
