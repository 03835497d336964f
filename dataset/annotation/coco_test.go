package annotation

import (
	"encoding/json"
	"image"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const threeImages = `"images": [{"id": 5, "file_name": "x/a.jpg", "width": 8}, {"id": 9, "file_name": "x/b.jpg"}, {"id": 7, "file_name": "y/c.jpg"}]`
const twoCategories = `"categories": [{"id": 3, "name": "cat"}, {"id": 1, "name": "ant"}]`

func object(parts ...string) string { return "{" + strings.Join(parts, ", ") + "}" }

func TestCOCO(t *testing.T) {
	annotations := `"annotations": [{"id": 1, "image_id": 9, "category_id": 3, "bbox": [1.5, 2, 3, 4]}, {"id": 2, "image_id": 5, "category_id": 1, "bbox": [0, 0, 2, 2]}]`
	twice := `"annotations": [{"id": 21, "image_id": 5, "category_id": 3}, {"id": 22, "image_id": 5, "category_id": 1}, {"id": 23, "image_id": 9, "category_id": 1}]`
	want, none := []string{"x/a.jpg ant", "x/b.jpg cat"}, []string{"1 images without annotation (y/c.jpg)"}
	for _, r := range []reading{
		{name: "ids with gaps, an image without annotation", text: object(`"info": {"year": [1, {"a": 2}]}`, threeImages, annotations, twoCategories), want: want, passed: none, ids: []string{"1", "3"}},
		{name: "cropped, an image without annotation", text: object(threeImages, annotations, twoCategories), settings: Settings{Crop: true},
			want: []string{"x/b.jpg cat", "x/a.jpg ant"}, passed: none},
		{name: "in another order", text: object(annotations, twoCategories, threeImages, `"licenses": []`), want: want, passed: none, ids: []string{"1", "3"}},
		{name: "words for ids", text: object(`"images": [{"id": "a-1", "file_name": "a.jpg"}, {"id": "07", "file_name": "b.jpg"}, {"id": "7", "file_name": "c.jpg"}]`,
			`"annotations": [{"image_id": "07", "category_id": "lynx"}, {"image_id": 7.0, "category_id": "ant"}, {"image_id": "a-1", "category_id": "lynx"}]`,
			`"categories": [{"id": "lynx", "name": "Lynx"}, {"id": "ant", "name": "Ant"}]`), want: []string{"a.jpg Lynx", "b.jpg Lynx", "c.jpg Ant"}, ids: []string{"ant", "lynx"}},
		{name: "no categories", text: object(threeImages, annotations), want: []string{"x/a.jpg 1", "x/b.jpg 3"}, passed: none},
		{name: "two annotations of one category", text: object(threeImages, `"annotations": [{"id": 1, "image_id": 5, "category_id": 3}, {"id": 2, "image_id": 5, "category_id": 3}]`, twoCategories),
			want: []string{"x/a.jpg cat"}, passed: []string{"2 images without annotation (x/b.jpg, …)", "1 categories without an image (ant)"}},
		{name: "names elsewhere", text: object(threeImages, annotations, twoCategories), settings: Settings{Names: map[string]string{"1": "Formica", "3": "Felis"}},
			want: []string{"x/a.jpg Formica", "x/b.jpg Felis"}, passed: none},
		{name: "names that are alike", text: object(threeImages, annotations, `"categories": [{"id": 3, "name": "cat"}, {"id": 1, "name": "cat"}]`),
			want: []string{"x/a.jpg cat (1)", "x/b.jpg cat (3)"}, passed: none},
		{name: "of a training set's classes", text: object(threeImages, annotations, twoCategories),
			settings: Settings{LeaveOut: true, Classes: &Classes{IDs: []string{"3"}, Names: []string{"Cat"}}},
			want:     []string{"x/b.jpg Cat"}, passed: []string{"1 images of other classes (x/a.jpg)", none[0]}},
		{name: "several categories left out", text: object(threeImages, twice, twoCategories), settings: Settings{LeaveOut: true}, want: []string{"x/b.jpg ant"},
			passed: []string{"1 images of several categories (image 5)", none[0], "1 categories without an image (cat)"}},
		{name: "unknown category left out", text: object(threeImages, `"annotations": [{"id": 1, "image_id": 5, "category_id": 3}, {"id": 2, "image_id": 9, "category_id": 4}]`, twoCategories), settings: Settings{LeaveOut: true},
			want:   []string{"x/a.jpg cat"},
			passed: []string{"1 annotations of unknown categories (annotation 2)", "2 images without annotation (x/b.jpg, …)", "1 categories without an image (ant)"}},

		{name: "unknown category", text: object(threeImages, `"annotations": [{"id": "A9", "image_id": 5, "category_id": 4}]`, twoCategories), fails: []string{"annotation A9", "category 4"}},
		{name: "unknown category of an annotation without id", text: object(threeImages, `"annotations": [{"image_id": 5, "category_id": 4}]`, twoCategories), fails: []string{"number 1", "category 4"}},
		{name: "unknown image", text: object(threeImages, `"annotations": [{"id": 31, "image_id": 6, "category_id": 1}]`, twoCategories), fails: []string{"annotation 31", "image 6"}},
		{name: "several categories", text: object(threeImages, twice, twoCategories), fails: []string{"annotation 22", "annotation 21", "image 5", "category 1"}},
		{name: "another class than the training set's", text: object(threeImages, annotations, twoCategories), settings: Settings{Classes: &Classes{IDs: []string{"3"}, Names: []string{"Cat"}}},
			fails: []string{"annotation 2 ", "category 1"}},
		{name: "no box to crop by", text: object(threeImages, twice, twoCategories), settings: Settings{Crop: true}, fails: []string{"annotation 21", "box"}},
		{name: "an image id twice", text: object(`"images": [{"id": 1, "file_name": "a.jpg"}, {"id": 1, "file_name": "b.jpg"}]`, annotations), fails: []string{"number 2", "id 1", "twice"}},
		{name: "a category id twice", text: object(threeImages, annotations, `"categories": [{"id": 1, "name": "a"}, {"id": 1, "name": "b"}]`), fails: []string{"category id 1", "twice"}},
		{name: "no file name", text: object(`"images": [{"id": 8}]`, annotations), fails: []string{"image 8", "file_name"}},
		{name: "no image id", text: object(`"images": [{"file_name": "a.jpg"}]`, annotations), fails: []string{"images, number 1", "no id"}},
		{name: "no category id", text: object(threeImages, `"annotations": [{"id": 4, "image_id": 5}]`), fails: []string{"annotation 4", "category_id"}},
		{name: "an id of half", text: object(threeImages, `"annotations": [{"id": 4, "image_id": 5.5, "category_id": 1}]`), fails: []string{"annotation 4", "5.5"}},
		{name: "two lists of images", text: object(threeImages, threeImages), fails: []string{"second list of images"}},
		{name: "no images", text: object(annotations), fails: []string{"no list of images"}},
		{name: "another shape", text: `[{"id": 1}]`, fails: []string{"no object"}},
		{name: "images not a list", text: `{"images": 5}`, fails: []string{"images is not a list"}},
		{name: "cut off", text: object(threeImages, annotations)[:100], fails: []string{"at byte", "cut off"}},
		{name: "not JSON", text: `{"images": [{"id": NaN}]}`, fails: []string{"at byte", "NaN"[:1]}},
	} {
		r.file = "a.json"
		r.run(t)
	}
}

func TestCOCOCut(t *testing.T) {
	path := write(t, "a.json", object(threeImages, `"annotations": [{"id": 1, "image_id": 9, "category_id": 3, "bbox": [1.5, 2, 3, 4]}, {"id": 2, "image_id": 9, "category_id": 1, "bbox": [0, 0, 2, 2]},
		{"id": 3, "image_id": 9, "category_id": 1, "bbox": [0, 0, 0, 2]}, {"id": 4, "image_id": 9, "category_id": 1, "bbox": [0, 0, 1e300, 2]}]`, twoCategories))
	_, err := Read(path, Settings{Crop: true})
	require.ErrorContains(t, err, "annotation 3")
	set, err := Read(path, Settings{Crop: true, LeaveOut: true})
	require.NoError(t, err)
	require.Equal(t, []string{"x/b.jpg cat", "x/b.jpg ant"}, pairs(t, set))
	require.Equal(t, []string{"2 annotations without a box (annotation 3, …)", "2 images without annotation (x/a.jpg, …)"}, passed(set))
	require.Equal(t, image.Rect(1, 2, 5, 6), rectangle([]float64{1.5, 2, 3, 4}))
}

func TestCOCOWithoutLabels(t *testing.T) {
	for _, text := range []string{object(threeImages), object(threeImages, `"annotations": []`, twoCategories)} {
		_, err := Read(write(t, "a.json", text), Settings{})
		require.ErrorIs(t, err, ErrNoLabels)
	}
}

// An element of more bytes than one may have does not fill the memory.
func TestCOCOTooLargeAnElement(t *testing.T) {
	c := &coco{}
	m := &meter{r: io.MultiReader(strings.NewReader(`{"images": [{"id": 1, "file_name": "`), endless{})}
	err := c.object(json.NewDecoder(m), m)
	require.ErrorContains(t, err, "images, number 1")
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}
