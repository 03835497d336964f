package report

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"image"
	"image/jpeg"
	"image/png"
	"regexp"

	"github.com/longtail-ml/longtail/dataset"
	"golang.org/x/image/draw"
)

// thumbSide is the longer side that pictures are brought down to.
const thumbSide = 112

// Picture is an image of a data set, small, and where it is from.
type Picture struct {
	Name string
	Data template.URL // JPEG or PNG
}

var inPath = regexp.MustCompile(`\(.*[/\\]([^/\\]+[/\\][^/\\]+)\)$`)

// nameOf is what a page calls an image: of its file the name and the folder, since a page goes to others.
func nameOf(d dataset.Dataset, i int) string {
	return inPath.ReplaceAllString(dataset.NameOf(d, i), "($1)")
}

// picture makes a small one of image i.
func picture(d dataset.Dataset, i int) (Picture, error) {
	p := Picture{Name: nameOf(d, i)}
	var m dataset.Image
	if err := d.Image(i, &m); err != nil {
		return p, err
	}
	src, err := m.Picture()
	if err == nil && len(m.Pix) == 0 {
		err = errors.New("has no pixels")
	}
	if err != nil {
		return p, fmt.Errorf("%s %w", p.Name, err)
	}
	if side := max(m.Width, m.Height); side > thumbSide {
		small := image.NewRGBA(image.Rect(0, 0, max(1, m.Width*thumbSide/side), max(1, m.Height*thumbSide/side)))
		draw.CatmullRom.Scale(small, small.Bounds(), src, src.Bounds(), draw.Src, nil)
		src = small
	}
	var b bytes.Buffer
	kind := "png"
	err = png.Encode(&b, src)
	if max(m.Width, m.Height) > 40 { // of small ones no pixel is lost
		kind = "jpeg"
		b.Reset()
		err = jpeg.Encode(&b, src, &jpeg.Options{Quality: 82})
	}
	p.Data = template.URL("data:image/" + kind + ";base64," + base64.StdEncoding.EncodeToString(b.Bytes()))
	return p, err
}
