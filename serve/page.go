package serve

import (
	"crypto/sha256"
	_ "embed" // the page
	"encoding/base64"
	"net/http"
	"strings"
)

//go:embed page.html
var pageHTML string

//go:embed openapi.json
var openAPI string

// policy lets the page run its own script and ask this server, and nothing else.
var policy = "default-src 'none'; connect-src 'self'; img-src 'self' blob: data:; style-src '" + sumOf("style") + "'; script-src '" + sumOf("script") + "'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

// sumOf is the checksum of the text of an element of the page, as a policy has it.
func sumOf(element string) string {
	_, text, _ := strings.Cut(pageHTML, "<"+element+">")
	text, _, _ = strings.Cut(text, "</"+element+">")
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// page is where people drop pictures.
func page(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", policy)
	w.Header().Set("Referrer-Policy", "no-referrer")
	_, _ = w.Write([]byte(pageHTML))
	return nil
}

// description describes the routes, as OpenAPI has it.
func description(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(openAPI))
	return nil
}
