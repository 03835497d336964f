package serve_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/serve"
	"github.com/stretchr/testify/require"
)

// What is answered is what Predictor.Classify says, bit for bit, whatever is computed beside it.
func TestAnswersAreClassifysBits(t *testing.T) {
	flip, err := predictor(t, 3).WithTTA(hybrid.FlipTTA)
	require.NoError(t, err)
	_, s := server(t, serve.Settings{Batch: 7, Wait: 20 * time.Millisecond, Models: []serve.Model{{Name: "plain", Predictor: predictor(t, 1)},
		{Name: "whole", Predictor: predictor(t, 2, hybrid.WithResize(augment.Resize{Shorter: 18}))}, {Name: "flip", Predictor: flip}}})
	models := map[string]*hybrid.Predictor{"": predictor(t, 1), "whole": predictor(t, 2, hybrid.WithResize(augment.Resize{Shorter: 18})), "flip": flip}
	check := func(model string, i int, got serve.PredictedImage) {
		want, err := models[model].Classify(drawn(i))
		require.NoError(t, err)
		require.Len(t, got.Classes, len(names))
		for k, c := range want {
			require.Equal(t, serve.Probability{Class: c.Class, Label: c.Label, Probability: c.Probability}, got.Classes[k], "%s, picture %d", model, i)
		}
	}
	var group sync.WaitGroup
	for model := range models {
		for i := range 12 {
			group.Go(func() {
				var one serve.Predicted
				post(t, s.URL+"/v1/predict?top=all&model="+model, "image/png", pictureFile(t, i)).into(t, &one)
				require.Len(t, one.Images, 1)
				check(model, i, one.Images[0])
			})
		}
		group.Go(func() {
			files := make([][]byte, 9)
			for i := range files {
				files[i] = pictureFile(t, i)
			}
			body, kind := form(t, files...)
			var all serve.Predicted
			post(t, s.URL+"/v1/predict?top=all&model="+model, kind, body).into(t, &all)
			require.Len(t, all.Images, 9)
			for i, one := range all.Images {
				require.Equal(t, string(rune('a'+i))+".png", one.Name)
				check(model, i, one)
			}
		})
	}
	group.Wait()
	require.Contains(t, string(get(t, s.URL+"/metrics").body), `longtail_images_total 63`)
}

func TestPredictOptions(t *testing.T) {
	_, s := server(t, serve.Settings{})
	var p serve.Predicted
	for query, want := range map[string]int{"": 5, "?top=1": 1, "?top=2": 2, "?top=99": 5, "?top=all": 5} {
		post(t, s.URL+"/v1/predict"+query, "image/png", pictureFile(t, 1)).into(t, &p)
		require.Len(t, p.Images[0].Classes, want)
		require.Equal(t, "first", p.Model)
	}
	for _, kind := range []string{"", "application/octet-stream", "application/x-www-form-urlencoded", "image/jpeg", "IMAGE/png; x=y"} {
		require.Equal(t, http.StatusOK, post(t, s.URL+"/v1/predict", kind, pictureFile(t, 1)).status, kind)
	}
	for _, top := range []string{"0", "-1", "x", "1e3", "99999999999999999999"} {
		require.Contains(t, post(t, s.URL+"/v1/predict?top="+top, "", pictureFile(t, 1)).problem(t, http.StatusBadRequest), "top=")
	}
	require.Contains(t, post(t, s.URL+"/v1/predict?model=none", "", pictureFile(t, 1)).problem(t, http.StatusNotFound), `"none"`)

	body, kind := form(t, pictureFile(t, 1), []byte("no picture"), pictureFile(t, 2))
	p = serve.Predicted{}
	post(t, s.URL+"/v1/predict", kind, body).into(t, &p)
	require.Len(t, p.Images, 3)
	require.Contains(t, p.Images[1].Error, "not an image")
	require.Empty(t, p.Images[1].Classes)
	want, err := predictor(t, 1).Classify(drawn(2))
	require.NoError(t, err)
	require.Equal(t, want[0].Probability, p.Images[2].Classes[0].Probability, "pictures keep their places")
}

func TestRoutes(t *testing.T) {
	var log strings.Builder
	h, s := server(t, serve.Settings{Token: "secret", Log: logTo(&log)})
	for path, status := range map[string]int{"/healthz": 200, "/readyz": 200, "/metrics": 401, "/v1/models": 401, "/nothing": 404, "/../etc/passwd": 404} {
		require.Equal(t, status, get(t, s.URL+path).status, path)
	}
	bearer := []string{"Authorization", "Bearer secret"}
	for _, wrong := range []string{"Bearer Secret", "Basic secret", "secret", "Bearer"} {
		got := get(t, s.URL+"/v1/models", "Authorization", wrong)
		got.problem(t, http.StatusUnauthorized)
		require.Equal(t, "Bearer", got.header.Get("WWW-Authenticate"))
	}
	post(t, s.URL+"/v1/predict", "", pictureFile(t, 1)).problem(t, http.StatusUnauthorized)
	require.Equal(t, http.StatusOK, post(t, s.URL+"/v1/predict", "", pictureFile(t, 1), bearer...).status)
	require.Contains(t, get(t, s.URL+"/v1/predict", bearer...).problem(t, http.StatusMethodNotAllowed), "POST")

	var all struct{ Models []serve.Served }
	get(t, s.URL+"/v1/models", bearer...).into(t, &all)
	require.Equal(t, []serve.Served{{Name: "first", Classes: names, Input: "16×16×3", EmbeddingDim: 8, Index: 0}}, all.Models)

	figures := string(get(t, s.URL+"/metrics", bearer...).body)
	for _, want := range []string{`longtail_request_seconds_count{path="/v1/predict",status="200"} 1`, `longtail_batch_images_count{model="first"} 1`,
		`path="other",status="404"`, "longtail_queue_images 0", "go_goroutines"} {
		require.Contains(t, figures, want)
	}
	require.Equal(t, "abc-1", get(t, s.URL+"/healthz", "X-Request-Id", "abc-1").header.Get("X-Request-Id"))
	forged := get(t, s.URL+"/healthz", "X-Request-Id", "a b\tc").header.Get("X-Request-Id")
	require.Regexp(t, "^[A-Z0-9]{20,}$", forged)
	require.Contains(t, log.String(), "request_id=abc-1 method=GET path=/healthz status=200")
	require.NotContains(t, log.String(), "secret")

	h.Stopping()
	require.Contains(t, get(t, s.URL+"/readyz").problem(t, http.StatusServiceUnavailable), "stops")
	require.Equal(t, http.StatusOK, get(t, s.URL+"/healthz").status)
}
