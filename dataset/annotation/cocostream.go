package annotation

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// largest is the most bytes that an element of JSON may have.
const largest = 16 << 20

// meter ends the reading of an element that is too large.
type meter struct {
	r     io.Reader
	since int // the last element
}

func (m *meter) Read(p []byte) (int, error) {
	if m.since > largest {
		return 0, fmt.Errorf("an element of more than %d bytes", largest)
	}
	n, err := m.r.Read(p)
	m.since += n
	return n, err
}

// read reads the file, element after element.
func (c *coco) read() error {
	f, r, err := jsonText(c.path)
	if err != nil {
		return err
	}
	defer f.Close()
	m := &meter{r: r}
	in := json.NewDecoder(m)
	if err := c.object(in, m); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = fmt.Errorf("it is cut off: %w", io.ErrUnexpectedEOF)
		}
		return fmt.Errorf("%s: at byte %d: %w", c.path, in.InputOffset(), err)
	}
	return nil
}

func jsonText(path string) (io.Closer, *bufio.Reader, error) {
	f, err := open(path)
	if err != nil {
		return nil, nil, err
	}
	r := bufio.NewReaderSize(f, 1<<18)
	if head, _ := r.Peek(len(bom)); string(head) == bom {
		_, _ = r.Discard(len(bom)) // it is there
	}
	return f, r, nil
}

func (c *coco) object(in *json.Decoder, m *meter) error {
	if t, err := in.Token(); err != nil || t != json.Delim('{') {
		return errors.Join(err, errors.New("this is no object with images, annotations and categories"))
	}
	seen := map[string]bool{}
	for in.More() {
		key, err := in.Token()
		if err != nil {
			return err
		}
		name, _ := key.(string)
		element := map[string]func(*json.Decoder) error{"images": c.readImage, "annotations": c.readAnnotation, "categories": c.readCategory}[name]
		if element == nil {
			if err := skip(in, m); err != nil {
				return err
			}
			continue
		}
		if seen[name] {
			return fmt.Errorf("there is a second list of %s", name)
		}
		seen[name] = true
		if name == "categories" {
			c.name = map[int32]string{}
		}
		if err := array(in, m, name, element); err != nil {
			return err
		}
	}
	if _, err := in.Token(); err != nil {
		return err
	}
	for _, name := range []string{"images", "annotations"} {
		switch {
		case seen[name]:
		case name == "annotations" && seen["images"]:
			return fmt.Errorf("%w: there is no list of annotations", ErrNoLabels)
		default:
			return fmt.Errorf("there is no list of %s: this is not in the manner of COCO or iNaturalist", name)
		}
	}
	return nil
}

// array reads a list, one element at a time.
func array(in *json.Decoder, m *meter, name string, element func(*json.Decoder) error) error {
	if t, err := in.Token(); err != nil || t != json.Delim('[') {
		return errors.Join(err, fmt.Errorf("%s is not a list", name))
	}
	for n := 0; in.More(); n++ {
		m.since = 0
		if err := element(in); err != nil {
			return fmt.Errorf("%s, number %d: %w", name, n+1, err)
		}
	}
	_, err := in.Token()
	return err
}

// skip passes over a value, however large.
func skip(in *json.Decoder, m *meter) error {
	for depth := 0; ; {
		m.since = 0
		t, err := in.Token()
		if err != nil {
			return err
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}

func (c *coco) numberOfImage(d id) (int32, error) {
	n, fresh, err := c.images.of(d)
	if fresh {
		word, _ := d.text() // as of has read it
		c.imageIDs.add([]byte(word))
		c.described = append(c.described, false)
	}
	return n, err
}

func (c *coco) numberOfCategory(d id) (int32, error) {
	n, fresh, err := c.categories.of(d)
	if fresh {
		word, _ := d.text()
		c.categoryIDs.add([]byte(word))
	}
	return n, err
}

func (c *coco) readImage(in *json.Decoder) error {
	var e struct {
		ID   id     `json:"id"`
		File string `json:"file_name"`
	}
	if err := in.Decode(&e); err != nil {
		return err
	}
	n, err := c.numberOfImage(e.ID)
	if err != nil {
		return fmt.Errorf("the id: %w", err)
	}
	if e.File == "" {
		return fmt.Errorf("image %s has no file_name", c.imageIDs.at(int(n)))
	}
	if c.described[n] {
		return fmt.Errorf("the image id %s is there twice", c.imageIDs.at(int(n)))
	}
	c.described[n] = true
	c.files.Add(c.settings.file(e.File), 0)
	c.image = append(c.image, n)
	return nil
}

func (c *coco) readAnnotation(in *json.Decoder) error {
	var e struct {
		ID       id        `json:"id"`
		Image    id        `json:"image_id"`
		Category id        `json:"category_id"`
		Box      []float64 `json:"bbox"`
	}
	if err := in.Decode(&e); err != nil {
		return err
	}
	var own []byte
	if e.ID != nil {
		word, err := e.ID.text()
		if err != nil {
			return fmt.Errorf("the id: %w", err)
		}
		own = []byte(word)
	}
	image, err := c.numberOfImage(e.Image)
	if err != nil {
		return fmt.Errorf("annotation %s: image_id: %w", own, err)
	}
	is, err := c.numberOfCategory(e.Category)
	if err != nil {
		return fmt.Errorf("annotation %s: category_id: %w", own, err)
	}
	c.ids.add(own)
	c.of, c.is = append(c.of, image), append(c.is, is)
	if c.settings.Crop {
		c.rect = append(c.rect, rectangle(e.Box))
	}
	return nil
}

func (c *coco) readCategory(in *json.Decoder) error {
	var e category
	if err := in.Decode(&e); err != nil {
		return err
	}
	n, err := c.numberOfCategory(e.ID)
	if err != nil {
		return fmt.Errorf("the id: %w", err)
	}
	if _, twice := c.name[n]; twice {
		return fmt.Errorf("the category id %s is there twice", c.categoryIDs.at(int(n)))
	}
	c.name[n] = e.Name
	return nil
}
