package report

import (
	"fmt"
	"image/color"
	"strings"
)

// The colors of Okabe and Ito, which color-blind people tell apart, without their black, which is ink, and their yellow, which
// is too light for lines.
var colors = []color.RGBA{
	{0x00, 0x72, 0xb2, 0xff}, // blue
	{0xe6, 0x9f, 0x00, 0xff}, // orange
	{0x00, 0x9e, 0x73, 0xff}, // bluish green
	{0xcc, 0x79, 0xa7, 0xff}, // reddish purple
	{0xd5, 0x5e, 0x00, 0xff}, // vermilion
	{0x56, 0xb4, 0xe9, 0xff}, // sky blue
}

// Colors that the page replaces by those of its theme: the values stand for themselves in files.
var (
	ink    = color.RGBA{0x1b, 0x1b, 0x1c, 0xff} // axes and text
	faint  = color.RGBA{0xd8, 0xd8, 0xd9, 0xff} // grid
	shaded = color.RGBA{0x99, 0x99, 0x9a, 0xff} // what is there for comparison
)

// themed replaces those colors in an SVG by variables of the page's style.
var themed = func() *strings.Replacer {
	pairs := []string{hex(ink), "var(--ink)", hex(faint), "var(--grid)", hex(shaded), "var(--shaded)"}
	for i, c := range colors {
		pairs = append(pairs, hex(c), fmt.Sprintf("var(--c%d)", i))
	}
	return strings.NewReplacer(pairs...)
}()

func hex(c color.RGBA) string { return fmt.Sprintf("#%02X%02X%02X", c.R, c.G, c.B) }

// sequential goes from near white to dark blue: more is darker, in print too (the first and last colors of ColorBrewer's Blues).
func sequential() []color.Color {
	return through(color.RGBA{0xf7, 0xfb, 0xff, 0xff}, color.RGBA{0x9e, 0xca, 0xe1, 0xff}, color.RGBA{0x21, 0x71, 0xb5, 0xff}, color.RGBA{0x08, 0x30, 0x6b, 0xff})
}

// diverging goes from orange through white to blue.
func diverging() []color.Color {
	return through(color.RGBA{0xb3, 0x58, 0x06, 0xff}, color.RGBA{0xfd, 0xb8, 0x63, 0xff}, color.RGBA{0xf7, 0xf7, 0xf7, 0xff},
		color.RGBA{0x6b, 0xae, 0xd6, 0xff}, color.RGBA{0x08, 0x51, 0x9c, 0xff})
}

// through interpolates 256 colors.
func through(stops ...color.RGBA) (s []color.Color) {
	for i := range 256 {
		at := float64(i) / 255 * float64(len(stops)-1)
		k := min(int(at), len(stops)-2)
		mix := func(a, b uint8) uint8 { return uint8(float64(a) + (at-float64(k))*(float64(b)-float64(a)) + 0.5) }
		a, b := stops[k], stops[k+1]
		s = append(s, color.RGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 0xff})
	}
	return s
}
