package dataset

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// GenerateSettings describes a generated set.
type GenerateSettings struct {
	Classes      int    // 0 means 10; at most 100
	Size         int    // width and height in pixels; 0 means 16, at least 8 and at most 256
	PerClass     int    // training images of each class; 0 means 200
	TestPerClass int    // test images of each class; 0 means 50
	Seed         uint64 // of all randomness
}

// Generate draws a balanced training and test set of RGB images that need no file: a striped object before a cluttered
// background. A class is a shape, a direction and a width of stripes, and a hue. Neighbouring classes share some of
// these, and hue and direction vary enough within a class to overlap with its neighbours'. Position, scale, rotation,
// brightness, background, occlusion and noise say nothing about the class. Cut a long tail with LongTail.
//
// A set of more images begins, in each class, with those of the smaller set of the same seed. The images are class by
// class, and the same on any machine up to rounding in the last bit of a pixel.
func Generate(s GenerateSettings) (train, test *Memory, err error) {
	if s, err = s.withDefaults(); err != nil {
		return nil, nil, err
	}
	if train, err = s.draw(0, s.PerClass); err != nil {
		return nil, nil, err
	}
	if test, err = s.draw(1, s.TestPerClass); err != nil {
		return nil, nil, err
	}
	return train, test, nil
}

func (s GenerateSettings) withDefaults() (GenerateSettings, error) {
	for _, f := range []struct {
		name                 string
		value                *int
		otherwise, low, high int
	}{
		{"Classes", &s.Classes, 10, 1, 100},
		{"Size", &s.Size, 16, 8, 256},
		{"PerClass", &s.PerClass, 200, 1, 1_000_000},
		{"TestPerClass", &s.TestPerClass, 50, 1, 1_000_000},
	} {
		if *f.value == 0 {
			*f.value = f.otherwise
		}
		if *f.value < f.low || *f.value > f.high {
			return s, fmt.Errorf("dataset: GenerateSettings.%s is %d: it must be at least %d and at most %d, or 0 for %d",
				f.name, *f.value, f.low, f.high, f.otherwise)
		}
	}
	images := float64(s.Classes) * float64(s.PerClass+s.TestPerClass)
	if bytes := images * float64(3*s.Size*s.Size); bytes > 1<<34 {
		return s, fmt.Errorf("dataset: %.0f generated images of %d×%d take %.0f GiB, at most 16 are made: lower PerClass or Size", images, s.Size, s.Size,
			bytes/(1<<30))
	}
	return s, nil
}

// draw makes the part of the set with the given number, perClass images a class.
func (s GenerateSettings) draw(part, perClass int) (*Memory, error) {
	names := make([]string, s.Classes)
	for c := range names {
		names[c] = fmt.Sprintf("%s-%d", shapes[s.recipe(c).shape].name, c)
	}
	set, err := NewMemory(Shape{Height: s.Size, Width: s.Size, Channels: 3}, names)
	if err != nil {
		return nil, err
	}
	var img Image
	img.Resize(Shape{Height: s.Size, Width: s.Size, Channels: 3})
	for c := range s.Classes {
		rng := rand.New(rand.NewPCG(s.Seed, uint64(part)<<32|uint64(c)))
		for range perClass {
			newScene(s.recipe(c), rng).render(&img, rng)
			if err := set.Append(c, img.Pix); err != nil {
				return nil, err
			}
		}
	}
	return set, nil
}

// recipe is what the images of a class have in common.
type recipe struct {
	shape  int     // index into shapes
	angle  float64 // of the stripes, in radians
	period float64 // of the stripes; the image is 2 wide
	hue    float64 // from 0 to 1
}

// recipe makes classes 2k and 2k+1 differ in the stripes' direction and a little in hue, and class c+10 from c in the
// stripes' width and in hue.
func (s GenerateSettings) recipe(class int) recipe {
	return recipe{
		shape:  class / 2 % len(shapes),
		angle:  float64(class%2) * math.Pi / 2,
		period: 0.42 + 0.2*float64(class/10%2),
		hue:    float64(class) / float64(s.Classes),
	}
}
