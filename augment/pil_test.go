package augment

import (
	"encoding/json"
	"image"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/dataset"
)

type pilImage struct {
	Width, Height int
	Pix           []byte
}

func (p pilImage) image() *dataset.Image { return clone(picture(p.Width, p.Height, 3, p.Pix...)) }

// operations by their names in testdata/pil.json; what they uncover is grey.
var pilOperations = map[string]func(m *dataset.Image, v []float64){
	"Brightness":     func(m *dataset.Image, v []float64) { Brightness(m, v[0]) },
	"Contrast":       func(m *dataset.Image, v []float64) { Contrast(m, v[0]) },
	"Color":          func(m *dataset.Image, v []float64) { Color(m, v[0]) },
	"Sharpness":      func(m *dataset.Image, v []float64) { Sharpness(m, v[0]) },
	"Invert":         func(m *dataset.Image, _ []float64) { Invert(m) },
	"Solarize":       func(m *dataset.Image, v []float64) { Solarize(m, int(v[0])) },
	"Posterize":      func(m *dataset.Image, v []float64) { Posterize(m, int(v[0])) },
	"AutoContrast":   func(m *dataset.Image, _ []float64) { AutoContrast(m) },
	"Equalize":       func(m *dataset.Image, _ []float64) { Equalize(m) },
	"Hue":            func(m *dataset.Image, v []float64) { Hue(m, v[0]) },
	"ShearX":         func(m *dataset.Image, v []float64) { ShearX(m, v[0], 128) },
	"ShearY":         func(m *dataset.Image, v []float64) { ShearY(m, v[0], 128) },
	"TranslateX":     func(m *dataset.Image, v []float64) { TranslateX(m, int(v[0]), 128) },
	"TranslateY":     func(m *dataset.Image, v []float64) { TranslateY(m, int(v[0]), 128) },
	"Rotate":         func(m *dataset.Image, v []float64) { Rotate(m, v[0], 128) },
	"Bilinear":       func(m *dataset.Image, v []float64) { boxed(m, v, Bilinear) },
	"Bicubic":        func(m *dataset.Image, v []float64) { boxed(m, v, Bicubic) },
	"ResizeBilinear": func(m *dataset.Image, v []float64) { Resize{Shorter: int(v[0])}.Apply(m, nil) },
	"ResizeBicubic":  func(m *dataset.Image, v []float64) { Resize{int(v[0]), Bicubic}.Apply(m, nil) },
	"CenterCropBilinear": func(m *dataset.Image, v []float64) {
		CenterCrop{Resize{int(v[0]), Bilinear}, int(v[1]), int(v[2])}.Apply(m, nil)
	},
	"CenterCropBicubic": func(m *dataset.Image, v []float64) {
		CenterCrop{Resize{int(v[0]), Bicubic}, int(v[1]), int(v[2])}.Apply(m, nil)
	},
}

// boxed makes the image a box of it, x, y, width and height, resized to a width and a height.
func boxed(m *dataset.Image, v []float64, f Filter) {
	n := func(i int) int { return int(v[i]) }
	to := image.Pt(n(4), n(5))
	resize(m, image.Rect(n(0), n(1), n(0)+n(2), n(1)+n(3)), to, image.Rectangle{Max: to}, f)
}

// testdata/pil.py says how Pillow made the images.
func TestOperationsArePILs(t *testing.T) {
	text, err := os.ReadFile("testdata/pil.json")
	require.NoError(t, err)
	var data struct {
		Small, Big pilImage
		Cases      []struct {
			Op, Source string
			Args       []float64
			Want       []byte
		}
	}
	require.NoError(t, json.Unmarshal(text, &data))
	seen := map[string]bool{}
	for _, c := range data.Cases {
		seen[c.Op] = true
		m := data.Small.image()
		if c.Source != "small" {
			m = data.Big.image()
		}
		require.Contains(t, pilOperations, c.Op)
		pilOperations[c.Op](m, c.Args)
		require.Equal(t, c.Want, m.Pix, "%s %v of the %s image", c.Op, c.Args, c.Source)
	}
	require.Len(t, seen, len(pilOperations), "every operation is compared")
}
