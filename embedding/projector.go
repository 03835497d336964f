package embedding

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/longtail-ml/longtail/internal/atomicfile"
	"golang.org/x/image/draw"
)

// spriteSide is the most that browsers take of a picture.
const spriteSide = 8192

// SaveProjector writes what TensorBoard's projector shows into the folder dir: tensors.tsv, metadata.tsv with class and name,
// projector_config.pbtxt, and, if s has thumbnails and sprite is set, sprite.png. tensorboard --logdir DIR opens it; so does
// projector.tensorflow.org with the first two.
func (s *Set) SaveProjector(dir string, sprite bool) error {
	if err := s.Check(); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("embedding: %w", err)
	}
	config := "embeddings {\n  tensor_name: \"longtail\"\n  tensor_path: \"tensors.tsv\"\n  metadata_path: \"metadata.tsv\"\n"
	files := map[string]func(w io.Writer) error{"tensors.tsv": s.writeVectors, "metadata.tsv": s.writeMetadata}
	if sprite {
		picture, side, err := s.sprite()
		if err != nil {
			return err
		}
		config += fmt.Sprintf("  sprite {\n    image_path: \"sprite.png\"\n    single_image_dim: %d\n    single_image_dim: %d\n  }\n", side, side)
		files["sprite.png"] = func(w io.Writer) error { return png.Encode(w, picture) }
	}
	files["projector_config.pbtxt"] = func(w io.Writer) error { _, err := io.WriteString(w, config+"}\n"); return err }
	for _, name := range []string{"tensors.tsv", "metadata.tsv", "sprite.png", "projector_config.pbtxt"} {
		write, wanted := files[name]
		if !wanted {
			continue
		}
		if err := atomicfile.Write(filepath.Join(dir, name), write); err != nil {
			return fmt.Errorf("embedding: %w", err)
		}
	}
	return nil
}

func (s *Set) writeVectors(w io.Writer) error {
	var line []byte
	for r := range s.Len() {
		line = line[:0]
		for i, v := range s.Vectors.Rows(r, r+1).Data() {
			if i > 0 {
				line = append(line, '\t')
			}
			line = strconv.AppendFloat(line, float64(v), 'g', -1, 32)
		}
		if _, err := w.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return nil
}

func (s *Set) writeMetadata(w io.Writer) error {
	plain := strings.NewReplacer("\t", " ", "\n", " ", "\r", " ")
	text := []byte("class\tname\n")
	for i := range s.Len() {
		text = append(text, plain.Replace(s.Class(i))+"\t"+plain.Replace(s.Name(i))+"\n"...)
	}
	_, err := w.Write(text)
	return err
}

// sprite puts the thumbnails into one square, row by row, smaller where they would not fit.
func (s *Set) sprite() (m image.Image, side int, err error) {
	if len(s.Thumbnails) == 0 {
		return nil, 0, fmt.Errorf("embedding: a sprite needs thumbnails, and there are none: embed the images with Settings.Thumbnails")
	}
	columns := 1
	for columns*columns < s.Len() {
		columns++
	}
	var sheet *image.NRGBA
	for i, t := range s.Thumbnails {
		one, err := jpeg.Decode(bytes.NewReader(t))
		if err != nil {
			return nil, 0, fmt.Errorf("embedding: thumbnail %d: %w", i, err)
		}
		if sheet == nil {
			if side = min(one.Bounds().Dx(), spriteSide/columns); side < 4 {
				return nil, 0, fmt.Errorf("embedding: a sprite of %d images would show nothing of each: leave it out", s.Len())
			}
			sheet = image.NewNRGBA(image.Rect(0, 0, columns*side, columns*side))
		}
		at := image.Pt(i%columns*side, i/columns*side)
		draw.ApproxBiLinear.Scale(sheet, image.Rectangle{at, at.Add(image.Pt(side, side))}, one, one.Bounds(), draw.Src, nil)
	}
	return sheet, side, nil
}
