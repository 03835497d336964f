package augment

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var (
	hostileInt   = rapid.OneOf(rapid.Just(0), rapid.IntRange(1, 40), rapid.IntRange(-3, 40), rapid.SampledFrom([]int{math.MinInt, math.MaxInt, math.MaxInt / 2, math.MaxInt32, 1 << 20, 1<<20 + 1, -1 << 31}))
	hostileFloat = rapid.OneOf(rapid.Just(0.), rapid.Float64Range(0, 1), rapid.Float64Range(-0.5, 2), rapid.SampledFrom([]float64{0, 1, math.NaN(), math.Inf(1), math.Inf(-1),
		math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, 1e-30, 1e9, 180, -360}))
	hostileImage = rapid.Custom(func(rt *rapid.T) *dataset.Image {
		side := rapid.OneOf(rapid.IntRange(0, 9), rapid.SampledFrom([]int{1, 33, 90}))
		h, w := side.Draw(rt, "height"), side.Draw(rt, "width")
		img := &dataset.Image{Height: h, Width: w, Channels: rapid.IntRange(1, 5).Draw(rt, "channels")}
		img.Pix = make([]uint8, h*w*img.Channels)
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "pixels"), 0))
		for i := range img.Pix {
			img.Pix[i] = uint8(rng.Uint32())
		}
		return img
	})
)

// fill puts hostile values into a third of the settings, of parts too: with more of them hardly any would be valid.
func fill(rt *rapid.T, v reflect.Value, name string) {
	if v.Kind() != reflect.Struct && rapid.IntRange(0, 2).Draw(rt, name+" is hostile") > 0 {
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(rt, v.Field(i), name+"."+v.Type().Field(i).Name)
		}
	case reflect.Int:
		if v.Type() == reflect.TypeFor[Filter]() {
			v.SetInt(int64(rapid.IntRange(-1, 2).Draw(rt, name)))
			return
		}
		v.SetInt(int64(hostileInt.Draw(rt, name)))
	case reflect.Uint8:
		v.SetUint(uint64(rapid.Uint8().Draw(rt, name)))
	case reflect.Float64:
		v.SetFloat(hostileFloat.Draw(rt, name))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(rt, name))
	default:
		rt.Fatalf("%s is of a kind without hostile values: %v", name, v.Kind())
	}
}

// Whatever settings pass Validate, transforms of them work on images of any shape and leave whole images.
func TestValidSettingsWorkOnAnyImage(t *testing.T) {
	for _, zero := range []Transform{AutoAugment{}, CenterCrop{}, ColorJitter{}, Crop{}, Cutout{}, Flip{}, GaussianBlur{}, Grayscale{}, RandAugment{},
		Resize{}, ResizedCrop{}} {
		t.Run(reflect.TypeOf(zero).Name(), func(t *testing.T) {
			applied := 0
			rapid.Check(t, func(rt *rapid.T) {
				v := reflect.New(reflect.TypeOf(zero))
				fill(rt, v.Elem(), v.Elem().Type().Name())
				tr := v.Elem().Interface().(Transform)
				img := hostileImage.Draw(rt, "image")
				if err := Validate(tr); err != nil {
					require.Contains(rt, err.Error(), "augment: ")
					return
				}
				if largest(v.Elem()) > 4000 && img.Height*img.Width > 1000 {
					return // possible, and takes long
				}
				applied++
				tr.Apply(img, rand.New(rand.NewPCG(1, 2)))
				require.NoError(rt, img.Check(), fmt.Sprintf("%+v", tr))
			})
			require.Positive(t, applied, "no settings were valid")
		})
	}
}

// largest is the largest size among the settings.
func largest(v reflect.Value) (most int64) {
	for i := range v.NumField() {
		switch f := v.Field(i); f.Kind() {
		case reflect.Struct:
			most = max(most, largest(f))
		case reflect.Int:
			most = max(most, f.Int())
		}
	}
	return most
}

// The operations take any level.
func TestOperationsTakeAnyLevel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		img, n, x, fill := hostileImage.Draw(rt, "image"), hostileInt.Draw(rt, "int"), hostileFloat.Draw(rt, "float"), rapid.Uint8().Draw(rt, "fill")
		before := img.Shape()
		for name, do := range map[string]func(){
			"AutoContrast": func() { AutoContrast(img) }, "Brightness": func() { Brightness(img, x) }, "Color": func() { Color(img, x) },
			"Contrast": func() { Contrast(img, x) }, "Equalize": func() { Equalize(img) }, "Hue": func() { Hue(img, x) },
			"Invert": func() { Invert(img) }, "Posterize": func() { Posterize(img, n) }, "Rotate": func() { Rotate(img, x, fill) },
			"Sharpness": func() { Sharpness(img, x) }, "ShearX": func() { ShearX(img, x, fill) }, "ShearY": func() { ShearY(img, x, fill) },
			"Solarize": func() { Solarize(img, n) }, "TranslateX": func() { TranslateX(img, n, fill) }, "TranslateY": func() { TranslateY(img, n, fill) },
		} {
			require.NotPanics(rt, do, name)
			require.Equal(rt, before, img.Shape(), name)
			require.NoError(rt, img.Check(), name)
		}
	})
}

// Blends of batches keep to their promises, whatever their settings.
func TestValidBlendsWorkOnAnyBatch(t *testing.T) {
	for _, zero := range []Blender{Mixup{}, CutMix{}} {
		rapid.Check(t, func(rt *rapid.T) {
			v := reflect.New(reflect.TypeOf(zero))
			fill(rt, v.Elem(), v.Elem().Type().Name())
			b := Batch{Images: rapid.IntRange(0, 5).Draw(rt, "images"), Height: rapid.IntRange(0, 5).Draw(rt, "height"), Width: rapid.IntRange(0, 5).Draw(rt, "width"), Channels: 3}
			b.Values = make([]float32, b.Images*b.Height*b.Width*b.Channels)
			m := v.Elem().Interface().(Blender)
			if m.(Validator).Validate() != nil {
				return
			}
			partner, weight, err := m.Blend(b, rand.New(rand.NewPCG(1, 2)))
			if err != nil {
				return
			}
			require.True(rt, weight >= 0 && weight <= 1, "%+v: weight %v", m, weight)
			require.True(rt, partner == nil || len(partner) == b.Images)
		})
	}
}
