//go:build js && wasm

// Browser says what is on pictures in a web page, which sends them nowhere: the model is computed in the browser.
//
//	examples/browser/build site
//	cp runs/first/model.safetensors site
//	python3 -m http.server --directory site
//
// The page at http://localhost:8000 takes pictures, and other model files. build makes it of this program, which a worker of the page
// runs: it gives the worker the functions longtailOpen, of the bytes of a model file, and longtailClassify, of those of a picture. Both
// return JSON, with an error if there is one.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"syscall/js"

	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/imagefile"
)

type probable struct {
	Class       string  `json:"class"`
	Probability float64 `json:"probability"`
}

func main() {
	var predictor *hybrid.Predictor
	provide("longtailOpen", func(file []byte) (any, error) {
		net, about, err := hybrid.Read(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			return nil, err
		}
		if len(about.Classes) == 0 {
			return nil, errors.New("the model file has no names of classes")
		}
		opened, err := net.Freeze()
		if err != nil {
			return nil, err
		}
		predictor = opened
		return map[string]any{"names": about.Classes}, nil
	})
	provide("longtailClassify", func(file []byte) (any, error) {
		picture, err := imagefile.Decode(context.Background(), bytes.NewReader(file), imagefile.Settings{})
		if err != nil {
			return nil, err
		}
		if predictor == nil {
			return nil, errors.New("no model is open")
		}
		classes, err := predictor.Classify(picture)
		var all []probable
		for _, c := range classes {
			all = append(all, probable{c.Class, c.Probability})
		}
		return map[string]any{"classes": all}, err
	})
	select {} // the functions are called as long as the page is there
}

// provide makes a function of bytes one of JavaScript's.
func provide(name string, f func(file []byte) (any, error)) {
	js.Global().Set(name, js.FuncOf(func(_ js.Value, args []js.Value) any {
		file := make([]byte, args[0].Length())
		js.CopyBytesToGo(file, args[0])
		answer, err := f(file)
		if err != nil {
			answer = map[string]string{"error": err.Error()}
		}
		text, err := json.Marshal(answer)
		if err != nil {
			panic(err) // names and numbers can be written
		}
		return string(text)
	}))
}
