package annotation

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTables(t *testing.T) {
	two := []string{"a.jpg cat", "b.jpg ant"}
	ham := "image_id,MEL,NV,BCC\nISIC_1,0.0,1.0,0.0\nISIC_2,1.0,0.0,0.0\n"
	hot := []string{"ISIC_1.jpg NV", "ISIC_2.jpg MEL"}
	for _, r := range []reading{
		{name: "header", file: "a.csv", text: "image,label\na.jpg,cat\nb.jpg,ant\n", want: two, ids: []string{"ant", "cat"}},
		{name: "columns turned", file: "a.csv", text: "label,image\ncat,a.jpg\nant,b.jpg\n", want: two},
		{name: "no header", file: "a.csv", text: "a.jpg,cat\nb.jpg,ant\n", want: two},
		{name: "no header, labels first", file: "a.csv", text: "cat,a.jpg\nant,b.jpg\n", want: two},
		{name: "tabs", file: "a.tsv", text: "image\tlabel\na.jpg\tcat\nb.jpg\tant\n", want: two},
		{name: "semicolons", file: "a.csv", text: "image;label\na.jpg;cat\nb.jpg;ant\n", want: two},
		{name: "mark, CRLF, blanks, no last line end", file: "a.csv", text: "\xef\xbb\xbfimage, label\r\n a.jpg , cat\r\n\r\nb.jpg,ant", want: two},
		{name: "blanks in paths, quotes", file: "a.csv", text: "path,label\nmy cats/a 1.jpg,big cat\n\"odd, name.jpg\",\"an \"\"ant\"\"\"\n",
			want: []string{"my cats/a 1.jpg big cat", `odd, name.jpg an "ant"`}},
		{name: "written on Windows", file: "a.csv", text: "path,label\nx\\a.jpg,cat\n.\\b.jpg,ant\n", want: []string{"x/a.jpg cat", "b.jpg ant"}},
		{name: "numbers with gaps", file: "a.csv", text: "path,label\na.jpg,10\nb.jpg,9\nc.jpg,100\n", want: []string{"a.jpg 10", "b.jpg 9", "c.jpg 100"},
			ids: []string{"9", "10", "100"}},
		{name: "names of numbers", file: "a.csv", text: "path,label\na.jpg,10\nb.jpg,9\n", settings: Settings{Names: map[string]string{"9": "ant", "10": "cat"}}, want: two},
		{name: "names that are alike", file: "a.csv", text: "path,label\na.jpg,10\nb.jpg,9\n", settings: Settings{Names: map[string]string{"9": "ant", "10": "ant"}},
			want: []string{"a.jpg ant (10)", "b.jpg ant (9)"}},
		{name: "columns asked for", file: "a.csv", text: "n,image,fold,kind\n1,a.jpg,2,cat\n2,b.jpg,1,ant\n", settings: Settings{Columns: []string{"Image", "kind"}}, want: two},
		{name: "columns asked for by number, no header", file: "a.csv", text: "1,a.jpg,2,cat\n2,b.jpg,1,ant\n", settings: Settings{Columns: []string{"2", "4"}}, want: two},
		{name: "columns asked for by number, header", file: "a.csv", text: "n,what,fold,kind\n1,a.jpg,2,cat\n2,b.jpg,1,ant\n", settings: Settings{Columns: []string{"2", "4"}}, want: two},
		{name: "the only usual name of a label", file: "a.csv", text: "image,age,dx\na.jpg,7,cat\nb.jpg,8,ant\n", want: two},
		{name: "ids beside file names", file: "a.csv", text: "image_id,file_name,label\n1,a.jpg,cat\n2,b.jpg,ant\n", want: two},
		{name: "one-hot", file: "a.csv", text: ham, settings: Settings{Append: ".jpg"}, want: hot, ids: []string{"MEL", "NV", "BCC"}},
		{name: "one-hot, columns asked for", file: "a.csv", text: ham, settings: Settings{Append: ".jpg", Columns: []string{"image_id", "*"}}, want: hot},
		{name: "extension there already", file: "a.csv", text: "image,label\na.JPG,cat\nb,ant\n", settings: Settings{Append: ".jpg"}, want: []string{"a.JPG cat", "b.jpg ant"}},
		{name: "left out", file: "a.csv", text: "image,A,B\na.jpg,1,0\nb.jpg,1,1\nc.jpg,0,0\n", settings: Settings{LeaveOut: true}, want: []string{"a.jpg A"},
			passed: []string{"1 images of several classes (b.jpg)", "1 images without label (c.jpg)"}},
		{name: "of a training set's classes", file: "a.csv", text: "image,label\na.jpg,cat\nb.jpg,ant\nc.jpg,cow\n",
			settings: Settings{LeaveOut: true, Classes: &Classes{IDs: []string{"cat", "ant"}, Names: []string{"Cat", "Ant"}}},
			want:     []string{"a.jpg Cat", "b.jpg Ant"}, passed: []string{"1 images of other classes (c.jpg)"}},
		{name: "one-hot, of a training set's classes", file: "a.csv", text: ham, settings: Settings{Append: ".jpg", Classes: &Classes{IDs: []string{"NV", "MEL", "BCC"}, Names: []string{"NV", "MEL", "BCC"}}},
			want: hot},

		{name: "several 1s", file: "a.csv", text: "image,A,B\na.jpg,1,0\nb.jpg,1,1\n", fails: []string{"a.csv:3", "A", "B"}},
		{name: "no 1", file: "a.csv", text: "image,A,B\na.jpg,1,0\nb.jpg,0,0\n", fails: []string{"a.csv:3"}},
		{name: "halves", file: "a.csv", text: "image,A,B\na.jpg,1,0\nb.jpg,0.5,0.5\n", fails: []string{"a.csv:3", "column A", `"0.5"`}},
		{name: "no label", file: "a.csv", text: "image,label\na.jpg,cat\n\nb.jpg,\n", fails: []string{"a.csv:4", "column label"}},
		{name: "no path", file: "a.csv", text: "image,label\na.jpg,cat\n,ant\n", fails: []string{"a.csv:3", "column image"}},
		{name: "too few fields", file: "a.csv", text: "image,label\na.jpg,cat\nb.jpg\n", fails: []string{"a.csv:3", "number of fields"}},
		{name: "a quote", file: "a.csv", text: "image,label\na.jpg,cat\nb \"x\".jpg,ant\n", fails: []string{"a.csv:3", "quote"}},
		{name: "another class than the training set's", file: "a.csv", text: "image,label\na.jpg,cow\n", settings: Settings{Classes: &Classes{IDs: []string{"cat"}, Names: []string{"cat"}}},
			fails: []string{"a.csv:2", `"cow"`}},
		{name: "no such column", file: "a.csv", text: "image,label\na.jpg,cat\n", settings: Settings{Columns: []string{"image", "kind"}}, fails: []string{"kind", "image, label"}},
		{name: "a column twice", file: "a.csv", text: "image,label\na.jpg,cat\n", settings: Settings{Columns: []string{"image", "1"}}, fails: []string{"twice"}},
		{name: "one column", file: "a.csv", text: "image\na.jpg\n", fails: []string{"labels"}},
		{name: "no column of paths", file: "a.csv", text: "x,y\n1,2\n", fails: []string{"paths", "x, y"}},
		{name: "two columns of labels", file: "a.csv", text: "image,class,species\na.jpg,bird,owl\n", fails: []string{"labels", "class, species"}},
		{name: "header alone", file: "a.csv", text: "image,label\n", fails: []string{"no line"}},
		{name: "empty", file: "a.csv", text: "\n", fails: []string{"empty"}},
		{name: "UTF-16", file: "a.csv", text: "\xff\xfei\x00m\x00", fails: []string{"UTF-16"}},
		{name: "a spreadsheet", file: "a.csv", text: "PK\x03\x04,,,", fails: []string{"spreadsheet"}},
		{name: "zero bytes", file: "a.csv", text: "image,label\na\x00.jpg,cat\n", fails: []string{"a.csv:2", "zero byte"}},
		{name: "a line without end", file: "a.csv", text: "image,label\n" + strings.Repeat("x", 2<<20), fails: []string{"a.csv:2", "bytes"}},
		{name: "no extension", file: "a.csv", text: "image,label\na,b\n", settings: Settings{Append: "jpg"}, fails: []string{}},
	} {
		if r.name == "no extension" {
			_, err := ReadTable(write(t, r.file, r.text), r.settings)
			require.ErrorContains(t, err, `"jpg"`)
			continue
		}
		r.run(t)
	}
}

func TestColumnsErrorListsColumns(t *testing.T) {
	_, err := Read(write(t, "a.csv", "image,class,species\na.jpg,bird,owl\n"), Settings{})
	var columns *ColumnsError
	require.True(t, errors.As(err, &columns))
	require.Equal(t, []string{"image", "class", "species"}, columns.Columns)
	_, err = Read(write(t, "a.csv", strings.Repeat("x,", 500)+"x\n"+strings.Repeat("1,", 500)+"1\n"), Settings{})
	require.ErrorContains(t, err, "481 more")
	require.Less(t, len(err.Error()), 500)
}
