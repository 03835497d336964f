package serve_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/serve"
	"github.com/stretchr/testify/require"
)

// node is a part of a JSON document.
type node = map[string]any

func within(t *testing.T, v any, path ...string) any {
	t.Helper()
	for _, p := range path {
		m, ok := v.(node)
		require.True(t, ok && m[p] != nil, "%q of %v", p, path)
		v = m[p]
	}
	return v
}

// conforms says where a value is not what a schema of doc has, as far as the schemas of this description go.
func conforms(doc, schema node, v any, at string) error {
	if ref, ok := schema["$ref"].(string); ok {
		name := strings.TrimPrefix(ref, "#/components/schemas/")
		to, ok := doc["components"].(node)["schemas"].(node)[name].(node)
		if !ok {
			return fmt.Errorf("%s: no schema %s", at, ref)
		}
		return conforms(doc, to, v, at)
	}
	switch schema["type"] {
	case "object":
		m, ok := v.(node)
		if !ok {
			return fmt.Errorf("%s: %v is no object", at, v)
		}
		properties, _ := schema["properties"].(node)
		required, _ := schema["required"].([]any)
		for _, name := range required {
			if _, ok := m[name.(string)]; !ok {
				return fmt.Errorf("%s: %v is missing", at, name)
			}
		}
		for name, value := range m {
			p, ok := properties[name].(node)
			if !ok && schema["additionalProperties"] == false {
				return fmt.Errorf("%s: %s is not described", at, name)
			}
			if ok {
				if err := conforms(doc, p, value, at+"."+name); err != nil {
					return err
				}
			}
		}
	case "array":
		list, ok := v.([]any)
		if !ok {
			return fmt.Errorf("%s: %v is no array", at, v)
		}
		for i, one := range list {
			if err := conforms(doc, schema["items"].(node), one, fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
	case "string":
		if _, ok := v.(string); !ok {
			return fmt.Errorf("%s: %v is no string", at, v)
		}
	case "integer", "number":
		f, ok := v.(float64)
		if !ok || schema["type"] == "integer" && f != float64(int64(f)) {
			return fmt.Errorf("%s: %v is no %s", at, v, schema["type"])
		}
	default:
		return fmt.Errorf("%s: a schema of type %v", at, schema["type"])
	}
	return nil
}

// The description names the routes that there are, and every answer is one that it has.
func TestTheDescriptionIsTrue(t *testing.T) {
	p := predictor(t, 1)
	h, s := server(t, serve.Settings{Models: []serve.Model{{Name: "first", Predictor: p, Index: indexed(t, p, 10)}, {Name: "bare", Predictor: p}}, MaxBody: 100 << 10, MaxImages: 4})
	var doc node
	get(t, s.URL+"/openapi.json").into(t, &doc)
	paths := within(t, doc, "paths").(node)

	good := pictureFile(t, 1)
	several, form3 := form(t, good, []byte("x"), good)
	many, form5 := form(t, good, good, good, good, good)
	requests := []struct {
		method, path, query, kind string
		body                      []byte
		status                    int
	}{
		{"GET", "/", "", "", nil, 200}, {"GET", "/openapi.json", "", "", nil, 200}, {"GET", "/healthz", "", "", nil, 200}, {"GET", "/readyz", "", "", nil, 200},
		{"GET", "/metrics", "", "", nil, 200}, {"GET", "/v1/models", "", "", nil, 200}, {"GET", "/v1/thumbnail", "?row=3", "", nil, 200}, {"GET", "/v1/thumbnail", "?row=33", "", nil, 404},
		{"POST", "/v1/neighbours", "?model=bare", "image/png", good, 404}, {"POST", "/v1/neighbours", "?k=x", "image/png", good, 400},
	}
	for _, path := range []string{"/v1/predict", "/v1/embed", "/v1/neighbours"} {
		for _, r := range []struct {
			query, kind string
			body        []byte
			status      int
		}{{"", "image/png", good, 200}, {"", form3, several, 200}, {"?model=none", "image/png", good, 404}, {"", "image/png", make([]byte, 200<<10), 413}, {"", form5, many, 413},
			{"", "text/plain", good, 415}, {"", "image/png", []byte("x"), 422}} {
			requests = append(requests, struct {
				method, path, query, kind string
				body                      []byte
				status                    int
			}{"POST", path, r.query, r.kind, r.body, r.status})
		}
	}
	asked := map[string]bool{}
	check := func(method, path string, got answer) {
		responses := within(t, paths, path, strings.ToLower(method), "responses").(node)
		response, ok := responses[fmt.Sprint(got.status)].(node)
		require.True(t, ok, "%s %s: %d is not described", method, path, got.status)
		kind, _, _ := strings.Cut(got.header.Get("Content-Type"), ";")
		schema := within(t, response, "content", kind, "schema").(node)
		if strings.HasSuffix(kind, "json") {
			var v any
			require.NoError(t, json.Unmarshal(got.body, &v))
			require.NoError(t, conforms(doc, schema, v, path))
		}
	}
	for _, r := range requests {
		got := send(t, r.method, s.URL+r.path+r.query, r.kind, bytes.NewReader(r.body))
		require.Equal(t, r.status, got.status, "%s %s%s: %s", r.method, r.path, r.query, got.body)
		check(r.method, r.path, got)
		asked[r.path] = true
		other := map[string]string{"GET": "DELETE", "POST": "PUT"}[r.method]
		require.Equal(t, http.StatusMethodNotAllowed, send(t, other, s.URL+r.path, "", nil).status, "the description has all methods of %s", r.path)
	}
	require.Equal(t, slices.Sorted(maps.Keys(paths)), slices.Sorted(maps.Keys(asked)), "all that is described was asked for")
	require.Equal(t, slices.Sorted(maps.Keys(paths)), serve.Paths(h), "all that there is is described")
	h.Stopping()
	check("GET", "/readyz", get(t, s.URL+"/readyz"))

	bad := node{"model": "m", "images": []any{node{"name": 3.0}}}
	require.ErrorContains(t, conforms(doc, node{"$ref": "#/components/schemas/Predicted"}, bad, "x"), "x.images[0].name")
}
