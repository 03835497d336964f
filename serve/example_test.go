package serve_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"io"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/serve"
)

// A handler in a server of one's own, below /birds. hybrid.Open("model.safetensors") would give a trained network.
func ExampleNew() {
	body, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Width: 4})
	check(err)
	net, err := hybrid.NewNetwork(body, 2)
	check(err)
	predictor, err := net.Freeze()
	check(err)
	predictor, err = predictor.WithAbout(hybrid.About{Classes: []string{"heron", "heron"}})
	check(err)
	h, err := serve.New(serve.Settings{Models: []serve.Model{{Name: "birds", Predictor: predictor}}})
	check(err)
	defer h.Close()
	mux := http.NewServeMux()
	mux.Handle("/birds/", http.StripPrefix("/birds", h))
	server := httptest.NewServer(mux)
	defer server.Close()

	var photo bytes.Buffer
	check(png.Encode(&photo, image.NewGray(image.Rect(0, 0, 40, 30))))
	answer, err := http.Post(server.URL+"/birds/v1/predict?top=1", "image/png", &photo)
	check(err)
	text, err := io.ReadAll(answer.Body)
	check(err)
	fmt.Println(answer.StatusCode, bytes.Contains(text, []byte("heron")))
	// Output: 200 true
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
