package report

import (
	"sync"

	"codeberg.org/go-fonts/liberation/liberationsansregular"
	"golang.org/x/image/font/opentype"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
)

var sans = font.Font{Typeface: "Liberation", Variant: "Sans"}

// fonts is the one font of the plots: package plot itself would link twelve.
var fonts = sync.OnceValue(func() *font.Cache {
	face, err := opentype.Parse(liberationsansregular.TTF)
	if err != nil {
		panic(err) // it is a constant
	}
	return font.NewCache(font.Collection{{Font: sans, Face: face}})
})

// label is the style of texts, centered on their height.
func label(size vg.Length) text.Style {
	f := sans
	f.Size = size
	return text.Style{Color: ink, Font: f, Handler: text.Plain{Fonts: fonts()}, YAlign: text.YCenter}
}
