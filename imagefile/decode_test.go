package imagefile_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/longtail-ml/longtail/imagefile"
	"github.com/longtail-ml/longtail/internal/alloctest"
	"github.com/stretchr/testify/require"
)

var ctx = context.Background()

func decode(raw []byte, s imagefile.Settings) (image.Image, error) {
	return imagefile.Decode(ctx, bytes.NewReader(raw), s)
}

// The pictures of testdata as Pillow sees them, to what decoders of JPEG differ by.
func TestPillow(t *testing.T) {
	var expected map[string]struct {
		Width, Height, Step int
		Pixels              [][3]int
	}
	raw, err := os.ReadFile("testdata/expected.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &expected))
	require.NotEmpty(t, expected)
	for name, want := range expected {
		t.Run(name, func(t *testing.T) {
			m, err := imagefile.DecodeFile(ctx, filepath.Join("testdata", name), imagefile.Settings{})
			require.NoError(t, err)
			b := m.Bounds()
			require.Equal(t, []int{want.Width, want.Height}, []int{b.Dx(), b.Dy()})
			within, i := 0.0, 0
			if strings.HasSuffix(name, ".jpg") || name == "lossy.webp" {
				within = 6
			}
			for y := want.Step / 2; y < b.Dy(); y += want.Step {
				for x := want.Step / 2; x < b.Dx(); x += want.Step {
					c := color.RGBAModel.Convert(m.At(b.Min.X+x, b.Min.Y+y)).(color.RGBA)
					for k, got := range []uint8{c.R, c.G, c.B} {
						// Pillow rounds alpha otherwise.
						require.InDelta(t, want.Pixels[i][k], int(got), within+1, "pixel %d, %d", x, y)
					}
					i++
				}
			}
			require.Len(t, want.Pixels, i)
		})
	}
}

func TestAsStored(t *testing.T) {
	m, err := imagefile.DecodeFile(ctx, "testdata/orientation6.jpg", imagefile.Settings{AsStored: true})
	require.NoError(t, err)
	require.Equal(t, image.Pt(48, 32), m.Bounds().Size())
	m, err = imagefile.DecodeFile(ctx, "testdata/orientation6.jpg", imagefile.Settings{})
	require.NoError(t, err)
	require.Equal(t, image.Pt(32, 48), m.Bounds().Size())
}

func TestErrorsSayWhatTheFileIs(t *testing.T) {
	whole, err := os.ReadFile("testdata/rgb.jpg")
	require.NoError(t, err)
	bad, err := os.ReadFile("testdata/rgb.png")
	require.NoError(t, err)
	bad[len(bad)-20]++
	for name, c := range map[string]struct {
		raw  string
		want []string
	}{
		"empty":    {"", []string{"empty file"}},
		"HTML":     {"\n<!DOCTYPE html><html><body>404", []string{"HTML page"}},
		"LFS":      {"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", []string{"Git LFS pointer", "git lfs pull"}},
		"HEIC":     {"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", []string{"HEIC", "convert"}},
		"ZIP":      {"PK\x03\x04....", []string{"ZIP archive", "unpack"}},
		"zeros":    {string(make([]byte, 700)), []string{"zero bytes"}},
		"text":     {"hello", []string{"unknown data"}},
		"cut off":  {string(whole[:len(whole)/2]), []string{"JPEG", "cut off"}},
		"damaged":  {string(bad), []string{"PNG", "damaged"}},
		"nothing":  {string(pngHeader(0, 5)), []string{"PNG"}},
		"huge":     {string(pngHeader(12_000, 6_000)), []string{"12000×6000", "67108864"}},
		"forged":   {string(pngHeader(8000, 8000)), []string{"8000×8000", "33 bytes"}},
		"animated": {"RIFF\x1a\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00", []string{"WebP"}},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := decode([]byte(c.raw), imagefile.Settings{})
			require.Nil(t, m)
			for _, want := range c.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

// pngHeader is a valid header that claims w×h pixels, and no data.
func pngHeader(w, h uint32) []byte {
	header := append([]byte("IHDR"), make([]byte, 13)...)
	binary.BigEndian.PutUint32(header[4:], w)
	binary.BigEndian.PutUint32(header[8:], h)
	header[12], header[13] = 8, 2
	raw := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
	raw = append(raw, header...)
	return binary.BigEndian.AppendUint32(raw, crc32.ChecksumIEEE(header))
}

// What a header claims is not allocated, whatever the format.
func TestClaimsTakeNoMemory(t *testing.T) {
	gif := []byte("GIF89a\xff\xff\xff\xff\x00\x00\x00")
	bmp := make([]byte, 54)
	copy(bmp, "BM")
	bmp[10], bmp[14], bmp[26], bmp[28] = 54, 40, 1, 24
	binary.LittleEndian.PutUint32(bmp[18:], 8000)
	binary.LittleEndian.PutUint32(bmp[22:], 8000)
	jpeg, err := os.ReadFile("testdata/rgb.jpg")
	require.NoError(t, err)
	at := bytes.Index(jpeg, []byte("\xff\xc0"))
	copy(jpeg[at+5:], "\x1f\x40\x1f\x40")
	for name, raw := range map[string][]byte{"PNG": pngHeader(8000, 8000), "GIF": gif, "BMP": bmp, "JPEG": jpeg} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := decode(raw, imagefile.Settings{})
		runtime.ReadMemStats(&after)
		require.Error(t, err, name)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20), "%s: %v", name, err)
	}
}

func TestLimits(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, 10, 10))))
	_, err := decode(b.Bytes(), imagefile.Settings{MaxPixels: 100})
	require.NoError(t, err)
	_, err = decode(b.Bytes(), imagefile.Settings{MaxPixels: 99})
	require.ErrorContains(t, err, "10×10")
	_, err = decode(b.Bytes(), imagefile.Settings{MaxPixels: 9})
	require.ErrorContains(t, err, "36 bytes")
	path := filepath.Join(t.TempDir(), "x.png")
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o666))
	_, err = imagefile.DecodeFile(ctx, path, imagefile.Settings{MaxPixels: 9})
	require.ErrorContains(t, err, path)
	require.ErrorContains(t, err, "36 bytes")
	_, err = decode(b.Bytes(), imagefile.Settings{MaxPixels: -1})
	require.ErrorContains(t, err, "MaxPixels is -1")
	_, err = decode(b.Bytes(), imagefile.Settings{Budget: imagefile.NewBudget(99)})
	require.ErrorContains(t, err, "budget of 99")
	_, err = imagefile.DecodeFile(ctx, t.TempDir(), imagefile.Settings{})
	require.ErrorContains(t, err, "no plain file")
	_, err = imagefile.DecodeFile(ctx, "nowhere.png", imagefile.Settings{})
	require.ErrorIs(t, err, os.ErrNotExist)
	broken := errors.New("cable pulled")
	_, err = imagefile.Decode(ctx, iotest.ErrReader(broken), imagefile.Settings{})
	require.ErrorIs(t, err, broken)
}

// A decoder waits for its share, gives it back, and ends with its context while it waits or decodes.
func TestBudgetAndContext(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, 100, 100))))
	s := imagefile.Settings{Budget: imagefile.NewBudget(10_000)}
	done := make(chan error)
	for range 8 {
		go func() {
			_, err := decode(b.Bytes(), s)
			done <- err
		}()
	}
	for range 8 {
		require.NoError(t, <-done)
	}
	why := errors.New("the lights went out")
	stopped, cancel := context.WithCancelCause(ctx)
	cancel(why)
	_, err := imagefile.Decode(stopped, bytes.NewReader(b.Bytes()), s)
	require.ErrorIs(t, err, why)
	_, err = imagefile.Decode(stopped, bytes.NewReader(b.Bytes()), imagefile.Settings{})
	require.ErrorIs(t, err, why)
}

func TestIdentify(t *testing.T) {
	for name, want := range map[string]string{
		"rgb.jpg": "JPEG", "rgb.png": "PNG", "rgb.gif": "GIF", "lossless.webp": "WebP", "rgb.bmp": "BMP", "rgb.tiff": "TIFF",
	} {
		raw, err := os.ReadFile(filepath.Join("testdata", name))
		require.NoError(t, err)
		require.Equal(t, want, imagefile.Identify(raw[:min(len(raw), 300)]))
		require.True(t, imagefile.IsName(strings.ToUpper(name)))
	}
	require.False(t, imagefile.IsName("notes.txt"))
	for _, e := range imagefile.Extensions() {
		require.True(t, imagefile.IsName("x"+e))
	}
}

// A file cannot ask for memory that it has no bytes for, however far its offsets point.
func TestOffsetsTakeNoMemory(t *testing.T) {
	for _, text := range []string{"II*\x00\xf0\xff\xff\x7f", "MM\x00*\x7f\xff\xff\xf0", "II*\x00\x08\x00\x00\x00\x01\x00\x00\x01\x04\x00\xff\xff\xff\x0f\xf0\xff\xff\x6f"} {
		taken := alloctest.Bytes(func() {
			_, err := decode([]byte(text), imagefile.Settings{})
			require.Error(t, err)
		})
		require.Less(t, taken, uint64(16<<20), "%q", text) // it reads pieces of 10 MB
	}
}

// Whatever bytes come, there is a picture within the limits or an error, and not much memory is taken.
func FuzzDecode(f *testing.F) {
	all, err := filepath.Glob("testdata/*.*")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range all {
		raw, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		s := imagefile.Settings{MaxPixels: 1 << 16}
		alloctest.Justified(t, len(raw), func() {
			m, err := imagefile.Decode(ctx, io.NopCloser(bytes.NewReader(raw)), s)
			if err == nil {
				require.LessOrEqual(t, m.Bounds().Dx()*m.Bounds().Dy(), 1<<16)
			}
		})
	})
}
